package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const pepperParameter = "/passkeys/Accounts/Passkeys/roster"

// rosterReport is a line of the report.
type rosterReport struct {
	Bad *struct {
		Line          int
		Field, Reason string
	}
	Summary *rosterSummary
	Written bool
}

type rosterSummary struct{ Read, Imported, Unchanged, Changed, Claimed, Bad int }

// rosterWorld is a world with a roster.
type rosterWorld struct {
	*world
	ring secret.Ring
}

func newRosterWorld(t *testing.T) *rosterWorld {
	ring, err := secret.NewRing(secret.Pepper, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &rosterWorld{world: newWorld(t)}
	w.setRing(ring)
	return w
}

func (w *rosterWorld) setRing(ring secret.Ring) {
	w.Helper()
	w.ring = ring
	_, err := w.secrets.PutParameter(w.Context(), &ssm.PutParameterInput{
		Name: aws.String(pepperParameter), Type: types.ParameterTypeSecureString, Value: aws.String(ring.Encode()), Overwrite: aws.Bool(true),
	})
	if err != nil {
		w.Fatal(err)
	}
}

// importRoster imports lines and returns the lines that are bad, as "line field",
// and the summary.
func (w *rosterWorld) importRoster(code int, text string, flags ...string) ([]string, rosterSummary) {
	w.Helper()
	file := filepath.Join(w.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	r := w.run(append([]string{"import-roster", "-file", file, "-table", stackTable, "-parameter", pepperParameter}, flags...)...)
	message := ""
	if code != 0 {
		message = "something was skipped"
	}
	r.want(w.T, code, message)
	if strings.Contains(r.out+r.err, "kim") || strings.Contains(r.out+r.err, "K-1") {
		w.Errorf("the report tells who is in the file:\n%s%s", r.out, r.err)
	}
	var bad []string
	report := lines[rosterReport](w.T, r.out)
	for _, line := range report[:len(report)-1] {
		bad = append(bad, fmt.Sprintf("%d %s", line.Bad.Line, line.Bad.Field))
	}
	last := report[len(report)-1]
	if last.Summary == nil || last.Written == (len(flags) > 0) {
		w.Fatalf("the last line is %+v", last)
	}
	return bad, *last.Summary
}

func (w *rosterWorld) want(got, want rosterSummary) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("summary (-want +got):\n%s", diff)
	}
}

// find returns where somebody stands in the roster, and how.
func (w *rosterWorld) find(number, email string) (credentials.Place, roster.Standing) {
	w.Helper()
	id, err := roster.Identify(number, email)
	if err != nil {
		w.Fatal(err)
	}
	people := roster.Roster{
		Peppers: func(context.Context) (secret.Ring, error) { return w.ring, nil }, Store: dynamo.New(w.tables, stackTable), Now: time.Now,
	}
	place, standing, err := people.Find(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return place, standing
}

func (w *rosterWorld) ledger() roster.Ledger {
	return roster.Ledger{Store: dynamo.New(w.tables, stackTable), Now: time.Now}
}

// claim claims the entry of somebody.
func (w *rosterWorld) claim(number, email string) {
	w.Helper()
	place, _ := w.find(number, email)
	got, err := w.ledger().Claim(w.Context(), place, "5f0c8d2e-0000-4000-8000-000000000001")
	if err != nil || got != roster.Free {
		w.Fatalf("claiming: %q, %v", got, err)
	}
}

func (w *rosterWorld) wantStanding(number, email string, want roster.Standing) {
	w.Helper()
	if _, got := w.find(number, email); got != want {
		w.Errorf("%s with %s is %q, want %q", number, email, got, want)
	}
}

func TestImportRoster(t *testing.T) {
	w := newRosterWorld(t)
	const file = "\uFEFFaccount_number;email\r\nK-1;kim@example.com\r\nL-2;lee@example.com\r\n;nobody@example.com\r\nk 1;kim@example.com\r\nM3;m\r\n"
	_, rehearsed := w.importRoster(3, file, "-dry-run")
	w.wantActions("import-roster", "ssm:GetParameter", "dynamodb:GetItem")
	w.want(rehearsed, rosterSummary{Read: 5, Imported: 2, Bad: 3})
	if w.items(stackTable) != 0 {
		t.Error("a rehearsal wrote")
	}
	bad, summary := w.importRoster(3, file)
	w.wantActions("import-roster", "ssm:GetParameter", "dynamodb:GetItem", "dynamodb:PutItem")
	w.want(summary, rosterSummary{Read: 5, Imported: 2, Bad: 3})
	if diff := cmp.Diff([]string{"4 account_number", "5 account_number", "6 email"}, bad); diff != "" {
		t.Errorf("bad lines (-want +got):\n%s", diff)
	}
	w.wantStanding("K1", "kim@example.com", roster.Free)
	w.wantStanding("M3", "m@example.com", roster.Unknown)

	w.claim("L2", "lee@example.com")
	_, summary = w.importRoster(0, "email,account_number\nkim.new@example.com,K1\nlee.new@example.com,L2\nno@example.com,N4\n")
	w.want(summary, rosterSummary{Read: 3, Imported: 1, Changed: 1, Claimed: 1})
	w.wantStanding("K1", "kim.new@example.com", roster.Free)
	w.wantStanding("L2", "lee@example.com", roster.Claimed)
}

func TestImportRosterAfterARotation(t *testing.T) {
	w := newRosterWorld(t)
	const file = "account_number,email\nK1,kim@example.com\nL2,lee@example.com\n"
	w.importRoster(0, file)
	w.claim("L2", "lee@example.com")
	w.setRing(w.ring.Rotate(1))
	w.wantStanding("K1", "kim@example.com", roster.Free)
	_, summary := w.importRoster(0, file)
	w.wantActions("import-roster", "ssm:GetParameter", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
	w.want(summary, rosterSummary{Read: 2, Changed: 1, Claimed: 1})
	_, summary = w.importRoster(0, file)
	w.want(summary, rosterSummary{Read: 2, Unchanged: 1, Claimed: 1})
	if w.items(stackTable) != 2 {
		t.Errorf("there are %d items, want 2", w.items(stackTable))
	}
}

func TestImportRosterOfSomebodyWhoIsSigningUp(t *testing.T) {
	w := newRosterWorld(t)
	w.importRoster(0, "account_number,email\nK1,kim@example.com\n")
	place, _ := w.find("K1", "kim@example.com")
	if got, err := w.ledger().Reserve(t.Context(), place, "holder"); err != nil || got != roster.Free {
		t.Fatalf("reserving: %q, %v", got, err)
	}
	bad, summary := w.importRoster(3, "account_number,email\nK1,kim.new@example.com\n")
	w.want(summary, rosterSummary{Read: 1, Bad: 1})
	if diff := cmp.Diff([]string{"2 "}, bad); diff != "" {
		t.Errorf("bad lines (-want +got):\n%s", diff)
	}
	w.wantStanding("K1", "kim@example.com", roster.Free)
}

func TestImportRosterFaults(t *testing.T) {
	w := newRosterWorld(t)
	file := filepath.Join(t.TempDir(), "people.csv")
	for name, c := range map[string]struct {
		text, parameter, message string
		deny                     func(iam.Call) bool
	}{
		"a file without header":       {"K1,kim@example.com\n", pepperParameter, "the first line must name", nil},
		"a parameter that is missing": {"account_number,email\nK1,kim@example.com\n", "/none", "reading the roster's pepper", nil},
		"a table that may not be written": {"account_number,email\nK1,kim@example.com\n", pepperParameter, "importing line 2",
			func(call iam.Call) bool { return call.Action == "dynamodb:PutItem" }},
	} {
		t.Run(name, func(t *testing.T) {
			w.refuse(c.deny)
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			r := w.run("import-roster", "-file", file, "-table", stackTable, "-parameter", c.parameter)
			r.want(t, 1, c.message)
			if strings.Contains(r.out+r.err, "kim@") {
				t.Errorf("it tells who is in the file:\n%s%s", r.out, r.err)
			}
		})
	}
}
