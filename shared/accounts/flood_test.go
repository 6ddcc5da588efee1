package accounts_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// flooded is what requests cost.
type flooded struct {
	requests, mails, reads, writes, poolCalls int
	billed                                    time.Duration // of the function
}

func (f flooded) String() string {
	return fmt.Sprintf("%d requests: %d mails, %d reads, %d writes, %d calls of the pool, %s of the function",
		f.requests, f.mails, f.reads, f.writes, f.poolCalls, f.billed)
}

// flood sends requests, one after the other, and counts what they cost.
func flood(t *testing.T, requests int, send func(s *signUps, i int) httpapi.Response) (*signUps, flooded) {
	t.Helper()
	table := passkeytest.NewTable(t)
	s := newSignUpsOver(t, byEmail, dynamo.New(table.Client, table.Name))
	f := flooded{requests: requests}
	started := s.Now()
	for i := range requests {
		if response := send(s, i); response.StatusCode >= http.StatusInternalServerError {
			t.Fatalf("request %d is answered %d %s", i, response.StatusCode, response.Body)
		}
		for _, operation := range table.Operations() {
			if operation == "GetItem" {
				f.reads++
			} else {
				f.writes++
			}
		}
	}
	f.billed, f.mails, f.poolCalls = s.Now().Sub(started), len(s.post.Letters()), len(s.pool.operations())
	return s, f
}

// What an unauthenticated flood of sign-ups costs: for one address, and from one
// source, a few mails and their writes, whatever the number of requests. From many
// sources to many addresses it is a mail a request, as many as the throttle of the
// route lets through, of which packages infra/passkeys and gateway tell.
func TestCostOfAFloodOfSignUps(t *testing.T) {
	const requests = 400 // each takes a second, because that is the minimum
	ask := func(source, address string) func(s *signUps) httpapi.Response {
		return func(s *signUps) httpapi.Response {
			return s.send(routes.SignUp, source, map[string]string{"clientId": journey.ClientID, "email": address})
		}
	}
	numbered := func(i int) (source, address string) {
		return fmt.Sprintf("198.51.%d.%d", i/200, i%200), fmt.Sprintf("user%d@example.com", i)
	}
	const writesOfAMail = 3 // the count of the address, that of the source, the proof
	for _, c := range []struct {
		name        string
		request     func(i int) func(s *signUps) httpapi.Response
		mails       func(f flooded) int // at most
		readsOfEach int                 // at most
	}{
		{"many sources, one address", func(i int) func(*signUps) httpapi.Response {
			source, _ := numbered(i)
			return ask(source, address)
		}, func(f flooded) int { return min(int(f.billed/quota.Mails.Pause)+1, quota.Mails.PerDay) }, 2},
		{"one source, many addresses", func(i int) func(*signUps) httpapi.Response {
			_, address := numbered(i)
			return ask(source, address)
		}, func(f flooded) int {
			return min(int(f.billed/quota.Sources.Pause)+quota.Sources.Burst, quota.Sources.PerDay)
		}, 2},
		{"many of one IPv6 network", func(i int) func(*signUps) httpapi.Response {
			_, address := numbered(i)
			return ask(fmt.Sprintf("2001:db8::%x", i+1), address)
		}, func(f flooded) int {
			return min(int(f.billed/quota.Sources.Pause)+quota.Sources.Burst, quota.Sources.PerDay)
		}, 2},
		{"many sources, many addresses", func(i int) func(*signUps) httpapi.Response { return ask(numbered(i)) },
			func(f flooded) int { return f.requests }, 2},
		{"what is no address", func(i int) func(*signUps) httpapi.Response { return ask(source, "nobody") },
			func(flooded) int { return 0 }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, f := flood(t, requests, func(s *signUps, i int) httpapi.Response { return c.request(i)(s) })
			t.Log(f)
			if most := c.mails(f); f.mails > most || f.mails == 0 && most > 0 {
				t.Errorf("%d mails, want %d at most", f.mails, most)
			}
			if f.writes != writesOfAMail*f.mails {
				t.Errorf("%d writes for %d mails, want %d for each", f.writes, f.mails, writesOfAMail)
			}
			if f.reads > c.readsOfEach*requests || f.poolCalls != 0 {
				t.Errorf("%d reads, want %d for each request; %d calls of the pool", f.reads, c.readsOfEach, f.poolCalls)
			}
		})
	}
}

// Guesses at codes cost a read and a write each, and end after a few.
func TestCostOfAFloodOfGuesses(t *testing.T) {
	const requests = 200
	var completes map[string]string
	s, f := flood(t, requests, func(s *signUps, i int) httpapi.Response {
		if i == 0 {
			completes = s.ask()
		}
		guess := map[string]string{"clientId": journey.ClientID, "signUpId": completes["signUpId"], "email": address, "code": fmt.Sprintf("%08d", i)}
		return s.send(routes.CompleteSignUp, source, guess)
	})
	t.Log(f)
	if f.poolCalls != 0 || f.reads > requests+2 || f.writes > requests+3 {
		t.Errorf("it costs %s", f)
	}
	proof, err := s.Store.Proof(t.Context(), completes["signUpId"])
	if err != nil || proof.Wrong != credentials.MaxWrongTries {
		t.Errorf("the proof is %+v, error %v", proof, err)
	}
	if outcome, _ := s.complete(completes); outcome != "400 wrong_code" || s.users() != 0 {
		t.Errorf("the right code is answered %s after that", outcome)
	}
}
