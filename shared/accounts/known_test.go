package accounts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const number = "K-1"

// knownOnly are a stack in which only known people sign up: Ann, by her account
// number and her address.
type knownOnly struct {
	*signUps
	roster roster.Roster
	pepper *journey.Ring
}

func newKnownOnly(t *testing.T, properties string) *knownOnly {
	t.Helper()
	return newKnownOnlyOver(t, properties, &passkeytest.Memory{})
}

func newKnownOnlyOver(t *testing.T, properties string, store credentials.Store) *knownOnly {
	t.Helper()
	k := &knownOnly{signUps: newSignUpsOver(t, properties, store), pepper: journey.NewRing(t, secret.Pepper)}
	k.roster = roster.Roster{Peppers: k.pepper.Ring, Store: store, Now: k.Now}
	signUp := k.handler.Journeys[0].(accounts.SignUp)
	tickets := admission.Signer{PoolID: journey.PoolID, Now: k.Now, Key: signUp.Tickets.(ticket.Signer).Key}
	signUp.Known = &accounts.Known{Roster: k.roster, Tickets: &tickets}
	k.handler.Journeys[0] = signUp
	k.register(number, address)
	return k
}

// register puts somebody on the roster.
func (k *knownOnly) register(number, address string) {
	k.t.Helper()
	if _, err := k.roster.Import(k.t.Context(), k.identify(number, address)); err != nil {
		k.t.Fatal(err)
	}
}

func (k *knownOnly) identify(number, address string) roster.Identity {
	k.t.Helper()
	id, err := roster.Identify(number, address)
	if err != nil {
		k.t.Fatal(err)
	}
	return id
}

// wantAnn checks how Ann stands in the roster, and returns her place.
func (k *knownOnly) wantAnn(want roster.Standing) credentials.Place {
	k.t.Helper()
	place, got, err := k.roster.Find(k.t.Context(), k.identify(number, address))
	if err != nil || got != want {
		k.t.Fatalf("Ann is %q in the roster, want %q; error %v", got, want, err)
	}
	return place
}

func (k *knownOnly) ledger() roster.Ledger {
	return roster.Ledger{Store: k.roster.Store, Now: k.Now}
}

// tries asks for an account from a source.
func (k *knownOnly) tries(number, address, source string) httpapi.Response {
	k.t.Helper()
	return k.send(routes.SignUp, source, map[string]string{"clientId": journey.ClientID, "email": address, "accountNumber": number})
}

// askAs asks for an account with an account number, and returns what completes it.
func (k *knownOnly) askAs(number, address string) map[string]string {
	k.t.Helper()
	var asked struct{ SignUpID string }
	response := k.tries(number, address, source)
	if err := json.Unmarshal([]byte(response.Body), &asked); err != nil || response.StatusCode != http.StatusAccepted {
		k.t.Fatalf("asking for an account answers %d %s", response.StatusCode, response.Body)
	}
	completes := map[string]string{
		"clientId": journey.ClientID, "signUpId": asked.SignUpID, "email": address, "code": "00000000", "accountNumber": number,
	}
	for _, letter := range k.post.Letters() {
		completes["code"] = letter.Code
	}
	return completes
}

func TestKnownPersonSignsUp(t *testing.T) {
	for name, properties := range map[string]string{"by e-mail address": byEmail, "with names": byName} {
		t.Run(name, func(t *testing.T) {
			k := newKnownOnly(t, properties)
			completes := k.askAs("k1", "Ann@Example.com")
			completes["accountNumber"], completes["email"] = number, address
			k.wantAnn(roster.Free)
			outcome, signedUp := k.complete(completes)
			if outcome != created {
				t.Fatalf("completing answers %s", outcome)
			}
			u := k.wantIn(signedUp)
			place := k.wantAnn(roster.Claimed)
			if standing, err := k.ledger().Claim(t.Context(), place, u.Sub); err != nil || standing != roster.Free {
				t.Errorf("the entry is somebody else's: %s, %v", standing, err)
			}
			k.WantNotLogged(t, completes["code"], signedUp.Ticket, address, number, "K1")
		})
	}
}

// Whoever asks is told the same, as fast, whoever is on the roster. Only the log
// tells why nothing was mailed.
func TestNobodyCanTellWhoIsKnown(t *testing.T) {
	form := regexp.MustCompile(`^\{"signUpId":"[A-Z2-7]{26}"\}$`)
	for name, c := range map[string]struct {
		before                    func(k *knownOnly)
		number, address, withheld string
		faults                    any
	}{
		"who is known":             {number: number, address: address},
		"who types it otherwise":   {number: "ｋ 1", address: "ANN@example.com"},
		"a number that nobody has": {number: "K-2", address: address, withheld: "not_in_roster"},
		"another address":          {number: number, address: "eve@example.com", withheld: "other_address"},
		"an address that only folds into a known one": {before: func(k *knownOnly) { k.register("K-2", "kim@example.com") },
			number: "K-2", address: "eve@example.com", withheld: "other_address"},
		"who has an account": {before: func(k *knownOnly) {
			if _, err := k.ledger().Claim(k.t.Context(), k.wantAnn(roster.Free), "sub"); err != nil {
				k.t.Fatal(err)
			}
		}, number: number, address: address, withheld: "claimed"},
		"who asked just before": {before: func(k *knownOnly) { k.askAs(number, address) }, number: number, address: address, withheld: "rate_limited"},
		"who is known while the pepper can't be read": {before: func(k *knownOnly) { k.pepper.Fail(errors.New("outage")) },
			number: number, address: address, faults: 1.0},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKnownOnly(t, byEmail)
			if c.before != nil {
				c.before(k)
			}
			started := k.Now()
			response := k.tries(c.number, c.address, source)
			if response.StatusCode != http.StatusAccepted || !form.MatchString(response.Body) || k.Now().Sub(started) != sent.MinimumTime {
				t.Errorf("it answers %d %s after %s", response.StatusCode, response.Body, k.Now().Sub(started))
			}
			line, letters := k.Log.Last(t, "answered"), k.post.Letters()
			if withheld, _ := line["withheld"].(string); withheld != c.withheld || !cmp.Equal(line["Faults"], c.faults) {
				t.Errorf("the line is %v, want it withheld for %q", line, c.withheld)
			}
			if mailed := c.withheld == "" && c.faults == nil; mailed != (len(letters) == 1) {
				t.Errorf("letters are %v", letters)
			}
			k.WantNotLogged(t, address, "eve@example.com", "K-2", number)
		})
	}
}

func TestKnownOnlyRejects(t *testing.T) {
	for name, c := range map[string]struct {
		route     routes.Route
		change    map[string]string
		want      string
		reason    string
		meanwhile func(k *knownOnly)
	}{
		"rejects no account number":             {route: routes.SignUp, change: map[string]string{"accountNumber": ""}, want: "400 bad_account_number"},
		"rejects a number that can't be one":    {route: routes.SignUp, change: map[string]string{"accountNumber": "K\x00"}, want: "400 bad_account_number"},
		"rejects an address that can't be one":  {route: routes.SignUp, change: map[string]string{"email": "\u212Aim@example.com"}, want: "400 bad_address"},
		"rejects completing without a number":   {route: routes.CompleteSignUp, change: map[string]string{"accountNumber": ""}, want: "400 bad_account_number"},
		"rejects another number's code":         {route: routes.CompleteSignUp, change: map[string]string{"accountNumber": "K-2"}, want: "400 wrong_code", reason: "wrong_code"},
		"rejects another address's code":        {route: routes.CompleteSignUp, change: map[string]string{"email": "eve@example.com"}, want: "400 wrong_code", reason: "wrong_code"},
		"rejects a ticket for another number":   {route: routes.SignUpTicket, change: map[string]string{"accountNumber": "K-2"}, want: "400 wrong_code", reason: "wrong_code"},
		"rejects a ticket for a wrong code":     {route: routes.SignUpTicket, change: map[string]string{"code": "00000000"}, want: "400 wrong_code", reason: "wrong_code"},
		"rejects a ticket for no user name":     {route: routes.SignUpTicket, change: map[string]string{"username": ""}, want: "400 bad_user_name"},
		"rejects a ticket for another client":   {route: routes.SignUpTicket, change: map[string]string{"clientId": "other"}, want: "403 client_not_served"},
		"rejects an entry that changed":         {route: routes.CompleteSignUp, want: "400 wrong_code", reason: "other_address", meanwhile: func(k *knownOnly) { k.register(number, "eve@example.com") }},
		"rejects a ticket for what has changed": {route: routes.SignUpTicket, want: "400 wrong_code", reason: "other_address", meanwhile: func(k *knownOnly) { k.register(number, "eve@example.com") }},
		"rejects an entry that is claimed": {route: routes.CompleteSignUp, want: "409 account_exists", reason: "claimed", meanwhile: func(k *knownOnly) {
			_, _ = k.ledger().Claim(k.t.Context(), k.wantAnn(roster.Free), "sub")
		}},
		"rejects a ticket for what is claimed": {route: routes.SignUpTicket, want: "409 account_exists", reason: "claimed", meanwhile: func(k *knownOnly) {
			_, _ = k.ledger().Claim(k.t.Context(), k.wantAnn(roster.Free), "sub")
		}},
		"rejects an entry that is reserved": {route: routes.CompleteSignUp, want: "409 sign_up_under_way", reason: "reserved", meanwhile: func(k *knownOnly) {
			_, _ = k.ledger().Reserve(k.t.Context(), k.wantAnn(roster.Free), "holder")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKnownOnly(t, byName)
			body := map[string]string{"clientId": journey.ClientID, "email": address, "accountNumber": number}
			if c.route != routes.SignUp {
				body = k.askAs(number, address)
			}
			if c.route == routes.SignUpTicket {
				body["username"] = "ann"
			}
			for member, value := range c.change {
				body[member] = value
			}
			if c.meanwhile != nil {
				c.meanwhile(k)
			}
			if got := journey.Code(t, k.send(c.route, source, body)); got != c.want {
				t.Errorf("answers %s, want %s", got, c.want)
			}
			if logged := fmt.Sprint(k.Log.Last(t, "answered")); !strings.Contains(logged, c.reason) {
				t.Errorf("the line is %s, want %s", logged, c.reason)
			}
			if n := k.users(); n != 0 {
				t.Errorf("%d users", n)
			}
		})
	}
}

// Without Tickets, nobody has a password, and there is no route to one.
func TestNoTicketsWhereThereAreNoPasswords(t *testing.T) {
	k := newKnownOnly(t, byEmail)
	signUp := k.handler.Journeys[0].(accounts.SignUp)
	signUp.Known = &accounts.Known{Roster: k.roster}
	k.handler.Journeys[0] = signUp
	if got := journey.Code(t, k.send(routes.SignUpTicket, source, k.askAs(number, address))); !strings.HasPrefix(got, "404 ") {
		t.Errorf("answers %s", got)
	}
}

// Wherever a sign-up breaks off, the same request again goes on, and the entry is
// claimed for the one user whom it made.
func TestBrokenSignUpOfAKnownPerson(t *testing.T) {
	for name, breaks := range map[string]func(k *knownOnly){
		"after the user is made":      func(k *knownOnly) { k.pool.fails("Create", true) },
		"after the password is set":   func(k *knownOnly) { k.pool.fails("ScramblePassword", true) },
		"before the ticket is signed": func(k *knownOnly) { k.ring.Fail(errBroken) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKnownOnly(t, byEmail)
			completes := k.askAs(number, address)
			breaks(k)
			if outcome, _ := k.complete(completes); outcome != "503 try_again" {
				t.Fatalf("the first time it answers %s", outcome)
			}
			k.ring.Fail(nil)
			k.Advance(time.Second)
			outcome, signedUp := k.complete(completes)
			if outcome != created {
				t.Fatalf("the second time it answers %s", outcome)
			}
			k.wantIn(signedUp)
			k.wantAnn(roster.Claimed)
		})
	}
}

// Two sign-ups of one person at the same moment make one account.
func TestOneEntryMakesOneAccount(t *testing.T) {
	k := newKnownOnly(t, byName)
	first := k.askAs(number, address)
	k.nextMinute()
	second := k.askAs(number, address)
	made := 0
	for _, outcome := range passkeytest.AtOnce(func(i int) string {
		outcome, _ := k.complete([]map[string]string{first, second}[i%2])
		return outcome
	}) {
		switch outcome {
		case created:
			made++
		case "409 sign_up_under_way", "409 account_exists", "400 wrong_code":
		default:
			t.Errorf("it answers %s", outcome)
		}
	}
	if n := k.users(); n != 1 || made == 0 {
		t.Errorf("%d users, and %d are told so", n, made)
	}
	k.wantAnn(roster.Claimed)
}

// An account number is tried ten times a day, by whomever and with whatever
// address, also when the clock jumps back.
func TestTriesOfAnAccountNumber(t *testing.T) {
	k := newKnownOnly(t, byEmail)
	try := func(number string, i int) string {
		k.tries(number, fmt.Sprintf("eve%d@example.com", i), fmt.Sprintf("198.51.100.%d", i))
		withheld, _ := k.Log.Last(t, "answered")["withheld"].(string)
		return withheld
	}
	for _, c := range []struct{ number, reason string }{{number, "other_address"}, {"K-2", "not_in_roster"}} {
		for i := range 10 {
			if got := try(c.number, i); got != c.reason {
				t.Fatalf("try %d of %s is withheld for %q", i+1, c.number, got)
			}
		}
		if got := try(c.number, 10); got != "rate_limited" {
			t.Errorf("try 11 of %s is withheld for %q", c.number, got)
		}
		k.nextMinute() // of the addresses
	}
	k.Advance(-time.Hour)
	if got := try(number, 20); got != "rate_limited" {
		t.Errorf("after the clock jumped back, a try is withheld for %q", got)
	}
	k.tries(number, address, source)
	if letters := k.post.Letters(); letters != nil {
		t.Errorf("letters are %v", letters)
	}
	k.Advance(25 * time.Hour)
	k.tries(number, address, source)
	if letters := k.post.Letters(); len(letters) != 1 {
		t.Errorf("the next day, letters are %v", letters)
	}
}

// Trying numbers out costs a few reads and writes each, and beyond the limits
// reads only. It never reaches the pool.
func TestCostOfTryingNumbers(t *testing.T) {
	const get, update, put = "GetItem", "UpdateItem", "PutItem"
	table := passkeytest.NewTable(t)
	k := newKnownOnlyOver(t, byEmail, dynamo.New(table.Client, table.Name))
	want := func(doing string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, table.Operations()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", doing, diff)
		}
	}
	table.Operations()
	k.tries("K-2", "eve@example.com", source)
	want("a wrong number", get, get, get, update, update, update, get)
	k.tries(number, "bob@example.com", source)
	want("a wrong address", get, get, get, update, update, update, get)
	k.tries("K-3", "eve@example.com", source)
	want("an address that was tried", get)
	completes := k.askAs(number, address)
	want("a known person", get, get, get, update, update, update, get, update)
	if outcome, _ := k.complete(completes); outcome != created {
		t.Fatalf("completing answers %s", outcome)
	}
	want("completing", get, update, get, get, put, update, get, put)
	writes := 0
	for i := range 300 {
		k.tries(fmt.Sprintf("N-%d", i), fmt.Sprintf("eve%d@example.com", i), source)
		for _, operation := range table.Operations() {
			if operation != get {
				writes++
			}
		}
	}
	if calls := k.pool.operations(); !cmp.Equal(calls, []string{"Create", "ScramblePassword"}) {
		t.Errorf("the pool is asked %q", calls)
	}
	if most := 3 * 100; writes > most || k.post.Letters() != nil {
		t.Errorf("300 tries of one source wrote %d times, want %d at most, and no letter", writes, most)
	}
	t.Logf("300 tries of one source: %d writes", writes)
}
