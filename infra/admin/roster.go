package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/people"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
)

var importRoster = command{
	name: "import-roster",
	does: "imports the people who may create an account, from a CSV file with the columns account_number and email",
	needs: "ssm:GetParameter on the parameter of the pepper, dynamodb:GetItem on the credential table, also dynamodb:PutItem there " +
		"without -dry-run, and after a rotation of the pepper dynamodb:DeleteItem",
	prepare: prepareImportRoster,
}

func prepareImportRoster(flags *flag.FlagSet) action {
	var to connection
	to.addTo(flags)
	table := flags.String("table", "", "name of the stack's credential table")
	parameter := flags.String("parameter", "", "name of the SecureString parameter that holds the pepper, the stack's output RosterParameter")
	file := flags.String("file", "", "CSV file in UTF-8")
	dryRun := flags.Bool("dry-run", false, "only say what would be written")
	return func(ctx context.Context, s streams) error {
		if err := required(flags, "table", "parameter", "file"); err != nil {
			return err
		}
		cfg, err := to.config(ctx)
		if err != nil {
			return err
		}
		lines, err := os.Open(*file)
		if err != nil {
			return err
		}
		defer lines.Close() //nolint:errcheck // it was only read
		var into roster.Keeper = store(cfg, *table)
		if *dryRun {
			into = people.Rehearsal{Keeper: into}
		}
		report := json.NewEncoder(s.out)
		importer := people.Importer{
			Roster: roster.Roster{
				Peppers: secret.NewParameter(parameterstore.New(cfg), *parameter, time.Now).Ring,
				Store:   into,
				Now:     time.Now,
			},
			Report:   func(problem people.Problem) error { return report.Encode(badLine{problem}) },
			Progress: rosterProgress(s.err),
		}
		summary, err := importer.Run(ctx, people.Read(lines))
		err = errors.Join(err, report.Encode(rosterSummary{summary, !*dryRun}))
		if err == nil && summary.Bad > 0 {
			return errSkipped
		}
		return err
	}
}

// The lines of the report.
type (
	badLine struct {
		Bad people.Problem `json:"bad"`
	}
	rosterSummary struct {
		Summary people.Summary `json:"summary"`
		Written bool           `json:"written"` // false: it was a rehearsal
	}
)

// rosterProgressEvery is after how many lines an import says how far it is.
const rosterProgressEvery = 10_000

func rosterProgress(w io.Writer) func(people.Summary) {
	lines := log.New(w, "", 0)
	return func(s people.Summary) {
		if s.Read%rosterProgressEvery == 0 {
			lines.Printf("%d lines read, %d imported, %d bad", s.Read, s.Imported, s.Bad)
		}
	}
}
