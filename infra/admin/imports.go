package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/archive"
	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/migrate"
	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/sample"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// What every import needs of AWS.
const importNeeds = "dynamodb:GetItem on the credential table, also dynamodb:PutItem and dynamodb:UpdateItem there with -write, " +
	"cognito-idp:AdminGetUser and cognito-idp:ListUsers on the user pool"

var importSample = command{
	name:    "import-sample",
	does:    "imports the passkeys of AWS's passwordless sample from its table; without -write it only says what it would do",
	needs:   "dynamodb:Scan on the sample's table, " + importNeeds,
	prepare: prepareImportSample,
}

var importPasskeys = command{
	name:    "import",
	does:    "imports the passkeys that the command export wrote; without -write it only says what it would do",
	needs:   importNeeds,
	prepare: prepareImport,
}

// target is where passkeys are imported to.
type target struct {
	connection
	pool, relyingParty string
	max                int
	write              bool
}

func (t *target) addTo(flags *flag.FlagSet) {
	t.connection.addTo(flags)
	flags.StringVar(&t.pool, "user-pool-id", "", "id of the user pool whose users hold the passkeys")
	flags.StringVar(&t.relyingParty, "relying-party", "", "domain that the passkeys belong to, the stack's relyingPartyId")
	flags.IntVar(&t.max, "max", 20, "how many passkeys one user may have, the stack's maxPasskeys")
	flags.BoolVar(&t.write, "write", false, "write, after a run without this flag has shown what would be written")
}

func prepareImportSample(flags *flag.FlagSet) action {
	var to target
	to.addTo(flags)
	from := flags.String("from", "", "name of the sample's table")
	table := flags.String("to", "", "name of the stack's credential table")
	file := flags.String("checkpoint", "", "file that keeps how far the run came, so that it can go on after an interruption; needs -write")
	return func(ctx context.Context, s streams) error {
		if err := required(flags, "from", "to", "user-pool-id", "relying-party"); err != nil {
			return err
		}
		if *file != "" && !to.write {
			return fmt.Errorf("%w: -checkpoint needs -write", errUsage)
		}
		cfg, err := to.config(ctx)
		if err != nil {
			return err
		}
		kept := sample.Checkpoint{Path: *file, Table: *from}
		after, err := kept.Load()
		if err != nil {
			return err
		}
		source := sample.Table{Client: dynamodb.NewFromConfig(cfg), Name: *from}
		err = to.run(ctx, s, *table, source.Candidates(ctx, after, kept.Save))
		if err == nil || errors.Is(err, errSkipped) {
			err = errors.Join(err, kept.Clear())
		}
		return err
	}
}

func prepareImport(flags *flag.FlagSet) action {
	var to target
	to.addTo(flags)
	table := flags.String("table", "", "name of the stack's credential table")
	file := flags.String("file", "", "file that the command export wrote")
	return func(ctx context.Context, s streams) error {
		if err := required(flags, "table", "file", "user-pool-id", "relying-party"); err != nil {
			return err
		}
		lines, err := os.Open(*file)
		if err != nil {
			return err
		}
		defer lines.Close() //nolint:errcheck // it was only read
		return to.run(ctx, s, *table, archive.Candidates(lines))
	}
}

// run imports candidates into a table. It writes JSON lines: what was skipped,
// and at the end, also after a fault, a summary.
func (t *target) run(ctx context.Context, s streams, table string, candidates iter.Seq2[migrate.Candidate, error]) error {
	cfg, err := t.config(ctx)
	if err != nil {
		return err
	}
	var into migrate.Store = store(cfg, table)
	if !t.write {
		into = migrate.NewRehearsal(into)
	}
	lines := json.NewEncoder(s.out)
	importer := migrate.Importer{
		RelyingParty: webauthn.RelyingParty{ID: t.relyingParty},
		Accounts:     accounts.New(cognitoidentityprovider.NewFromConfig(cfg), t.pool),
		Store:        into,
		Max:          t.max,
		Skip:         func(skipped migrate.Skipped) error { return lines.Encode(skippedLine{skipped}) },
		Progress:     progress(s.err),
		Now:          time.Now,
	}
	summary, err := importer.Run(ctx, candidates)
	err = errors.Join(err, lines.Encode(summaryLine{summary, t.write}))
	if err == nil && len(summary.Skipped) > 0 {
		return errSkipped
	}
	return err
}

// The lines of an import's report.
type (
	skippedLine struct {
		Skipped migrate.Skipped `json:"skipped"`
	}
	summaryLine struct {
		Summary migrate.Summary `json:"summary"`
		Written bool            `json:"written"` // false: it was a rehearsal
	}
)

// progressEvery is after how many passkeys an import says how far it is.
const progressEvery = 500

func progress(w io.Writer) func(migrate.Summary) {
	lines := log.New(w, "", 0)
	return func(s migrate.Summary) {
		if s.Read%progressEvery == 0 {
			lines.Printf("%d read, %d imported, %d already there", s.Read, s.Imported, s.AlreadyThere)
		}
	}
}
