package accounts_test

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// Whoever proves the address has an account, is signed in at once, and may add a
// passkey then. There was no user before.
func TestSignUp(t *testing.T) {
	for name, properties := range map[string]string{"by e-mail address": byEmail, "with names": byName} {
		t.Run(name, func(t *testing.T) {
			s := newSignUps(t, properties)
			completes := s.ask()
			if n := s.users(); n != 0 || len(s.pool.operations()) != 0 {
				t.Errorf("%d users before the address is proved", n)
			}
			completes["locale"] = "de-CH"
			outcome, signedUp := s.complete(completes)
			if outcome != created {
				t.Fatalf("completing answers %s", outcome)
			}
			if diff := cmp.Diff([]string{"Create", "ScramblePassword"}, s.pool.operations()); diff != "" {
				t.Errorf("calls of the pool (-want +got):\n%s", diff)
			}
			u := s.wantIn(signedUp)
			want := map[string]string{
				"sub": u.Sub, "email": address, "email_verified": "true", "locale": "de-CH", marker: "sign-up", "status": "CONFIRMED",
			}
			if diff := cmp.Diff(want, s.attributes(u.Name)); diff != "" {
				t.Errorf("the user (-want +got):\n%s", diff)
			}
			if isSub := u.Name == u.Sub; isSub != (properties == byEmail) || strings.Contains(u.Name, "@") {
				t.Errorf("the user name is %q and the sub %q", u.Name, u.Sub)
			}
			a := passkeytest.NewSynced(journey.Origin)
			s.Register(t, u, a)
			session := s.Begin(t, u)
			s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
			s.WantNotLogged(t, completes["code"], completes["signUpId"], signedUp.Ticket, address)
		})
	}
}

// Asking tells nobody who has an account: not by the reply, its time, the mail, a
// call of the pool or a read of the table.
func TestAskingLooksTheSame(t *testing.T) {
	s := newSignUps(t, byEmail)
	s.signUp()
	s.invite("invited@example.com", "email", "invited@example.com")
	if err := s.squat("squatted@example.com", "squatted@example.com"); err != nil {
		t.Fatal(err)
	}
	s.pool.operations()
	form := regexp.MustCompile(`^\{"signUpId":"[A-Z2-7]{26}"\}$`)
	for _, to := range []string{address, "invited@example.com", "squatted@example.com", "nobody@example.com"} {
		s.nextMinute()
		started := s.Now()
		response := s.send(routes.SignUp, source, map[string]string{"clientId": journey.ClientID, "email": to})
		if !form.MatchString(response.Body) || response.StatusCode != http.StatusAccepted || s.Now().Sub(started) != sent.MinimumTime {
			t.Errorf("for %s it answers %d %s after %s", to, response.StatusCode, response.Body, s.Now().Sub(started))
		}
		if letters := s.post.Letters(); len(letters) != 1 || letters[0].Kind != mail.KindSignUp || letters[0].To != to {
			t.Errorf("letters to %s are %v", to, letters)
		}
	}
	if calls := s.pool.operations(); calls != nil {
		t.Errorf("the pool is asked %q", calls)
	}
}

func TestAskingAgainTooSoonLooksTheSame(t *testing.T) {
	s := newSignUps(t, byEmail)
	s.ask()
	started := s.Now()
	response := s.send(routes.SignUp, source, map[string]string{"clientId": journey.ClientID, "email": "Ann@Example.com"})
	if response.StatusCode != http.StatusAccepted || s.Now().Sub(started) != sent.MinimumTime || s.post.Letters() != nil {
		t.Errorf("answers %d %s after %s", response.StatusCode, response.Body, s.Now().Sub(started))
	}
	if line := s.Log.Last(t, "answered"); line["withheld"] != "rate_limited" {
		t.Errorf("the line is %v", line)
	}
	s.nextMinute()
	s.post.Fail(errors.New("MessageRejected"))
	response = s.send(routes.SignUp, source, map[string]string{"clientId": journey.ClientID, "email": address})
	if line := s.Log.Last(t, "answered"); response.StatusCode != http.StatusAccepted || line["Faults"] != 1.0 {
		t.Errorf("without mail it answers %d, and the line is %v", response.StatusCode, line)
	}
}

func TestSignUpRejects(t *testing.T) {
	for name, c := range map[string]struct {
		ask, complete map[string]string // changes; an empty value takes a member away
		want          string
	}{
		"rejects another app client":                 {ask: map[string]string{"clientId": "other"}, want: "403 client_not_served"},
		"rejects no address":                         {ask: map[string]string{"email": ""}, want: "400 bad_address"},
		"rejects two addresses":                      {ask: map[string]string{"email": "ann@example.com,eve@example.com"}, want: "400 bad_address"},
		"rejects an address with a header":           {ask: map[string]string{"email": "ann@example.com\nBcc: eve@example.com"}, want: "400 bad_address"},
		"rejects a language that is none":            {ask: map[string]string{"locale": "../en"}, want: "400 malformed_request"},
		"rejects a further member":                   {ask: map[string]string{"emailVerified": "true"}, want: "400 malformed_request"},
		"rejects another app client's code":          {complete: map[string]string{"clientId": "other"}, want: "403 client_not_served"},
		"rejects a wrong code":                       {complete: map[string]string{"code": "00000000"}, want: "400 wrong_code"},
		"rejects a code for another address":         {complete: map[string]string{"email": "eve@example.com"}, want: "400 wrong_code"},
		"rejects another sign-up's code":             {complete: map[string]string{"signUpId": strings.Repeat("A", 26)}, want: "400 wrong_code"},
		"rejects no code":                            {complete: map[string]string{"code": ""}, want: "400 wrong_code"},
		"rejects an account's language that is none": {complete: map[string]string{"locale": "de; drop"}, want: "400 malformed_request"},
		"rejects attributes of the client's choice":  {complete: map[string]string{"custom:created_by": "me"}, want: "400 malformed_request"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSignUps(t, byEmail)
			route, body := routes.SignUp, map[string]string{"clientId": journey.ClientID, "email": address}
			change := c.ask
			if c.complete != nil {
				route, body, change = routes.CompleteSignUp, s.ask(), c.complete
			}
			for member, value := range change {
				body[member] = value
			}
			if got := journey.Code(t, s.send(route, source, body)); got != c.want {
				t.Errorf("answers %s, want %s", got, c.want)
			}
			if n := s.users(); n != 0 || s.post.Letters() != nil {
				t.Errorf("%d users, or a letter", n)
			}
		})
	}
}

// An account that is somebody's stays as it is, whoever has the address.
func TestExistingAccountIsNeverTakenOver(t *testing.T) {
	verified := []string{"email", address, "email_verified", "true"}
	for name, c := range map[string]struct {
		pool string
		make func(s *signUps) (userName string)
	}{
		"who signed up here": {byEmail, func(s *signUps) string { return s.signUp().UserName }},
		"who signed up at Cognito": {byEmail, func(s *signUps) string {
			if err := s.squat(address, address); err != nil {
				t.Fatal(err)
			}
			s.confirm(address, address)
			return address
		}},
		"who was invited": {byEmail, func(s *signUps) string { s.invite(address, verified...); return address }},
		"who was invited to an address that isn't proved": {byEmail, func(s *signUps) string {
			s.invite(address, "email", address)
			return address
		}},
		"who was marked by a backend": {byEmail, func(s *signUps) string { s.invite(address, append(verified, marker, "passkeys")...); return address }},
		"who is disabled": {byEmail, func(s *signUps) string {
			s.invite(address, append(verified, marker, "sign-up")...)
			s.disable(address)
			return address
		}},
		"who writes the address otherwise": {byEmail, func(s *signUps) string {
			s.invite("ANN@Example.com", "email", "ANN@Example.com", "email_verified", "true")
			return "ANN@Example.com"
		}},
		"whose alias the address is": {byName, func(s *signUps) string { s.invite("ann", verified...); return "ann" }},
		"whose alias differs in case": {byName, func(s *signUps) string {
			s.invite("ann", "email", "Ann@Example.COM", "email_verified", "true")
			return "ann"
		}},
		"who signed up here with a name": {byName, func(s *signUps) string { return s.signUp().UserName }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSignUps(t, c.pool)
			userName := c.make(s)
			s.nextMinute()
			before := s.attributes(userName)
			s.pool.operations()
			if outcome, _ := s.complete(s.ask()); outcome != "409 account_exists" {
				t.Errorf("completing answers %s", outcome)
			}
			if diff := cmp.Diff(before, s.attributes(userName)); diff != "" || s.users() != 1 {
				t.Errorf("the account changed, or there are %d now (-before +after):\n%s", s.users(), diff)
			}
			if calls := s.pool.operations(); slices.Contains(calls, "ScramblePassword") || slices.Contains(calls, "Delete") {
				t.Errorf("calls of the pool are %q", calls)
			}
		})
	}
}

func (s *signUps) disable(name string) {
	s.t.Helper()
	if _, err := s.api.AdminDisableUser(s.t.Context(), &cognito.AdminDisableUserInput{UserPoolId: aws.String(journey.PoolID), Username: &name}); err != nil {
		s.t.Fatal(err)
	}
}

// Who never proved the address has nothing of the account of who did: neither the
// password nor the code of Cognito's own mail.
func TestSquatterMakesWay(t *testing.T) {
	t.Run("by e-mail address", func(t *testing.T) {
		s := newSignUps(t, byEmail)
		if err := s.squat(address, address); err != nil {
			t.Fatal(err)
		}
		squatted := s.attributes(address)["sub"]
		u := s.wantIn(s.signUp())
		if u.Sub == squatted || s.users() != 1 {
			t.Errorf("the account is the squatter's, or there are %d", s.users())
		}
		if got := s.byPassword(address); got != "NotAuthorizedException" {
			t.Errorf("the squatter's password: %s", got)
		}
		if got := s.confirm(address, address); got != "NotAuthorizedException" {
			t.Errorf("the code of the squatter's mail: %s", got)
		}
	})
	t.Run("with names", func(t *testing.T) {
		s := newSignUps(t, byName)
		if err := s.squat("eve", address); err != nil {
			t.Fatal(err)
		}
		u := s.wantIn(s.signUp())
		if got := s.confirm("eve", address); got != "AliasExistsException" {
			t.Errorf("confirming the squatter's account: %s", got)
		}
		if owner := s.attributes(address); owner["sub"] != u.Sub || owner["email_verified"] != "true" {
			t.Errorf("the address is that of %v", owner)
		}
	})
	t.Run("who comes again and again", func(t *testing.T) {
		s := newSignUps(t, byEmail)
		squat := func() {
			if err := s.squat(address, address); err != nil {
				t.Error(err)
			}
		}
		squat()
		again := 1000
		s.pool.meet = func(operation string) {
			if operation == "Create" && again > 0 && s.users() == 0 {
				again--
				squat()
			}
		}
		completes := s.ask()
		if outcome, _ := s.complete(completes); outcome != "503 try_again" {
			t.Errorf("completing answers %s", outcome)
		}
		again = 0
		s.Advance(time.Second)
		if outcome, signedUp := s.complete(completes); outcome != created {
			t.Errorf("completing again answers %s", outcome)
		} else {
			s.wantIn(signedUp)
		}
	})
}

// Wherever a sign-up breaks off, the same request again goes on, and so does
// another sign-up of the address, unless the account is made: then its owner
// signs in by mail.
func TestBrokenSignUp(t *testing.T) {
	breaks := map[string]func(s *signUps){
		"before the user is made":      func(s *signUps) { s.pool.fails("Create", false) },
		"after the user is made":       func(s *signUps) { s.pool.fails("Create", true) },
		"before the password is set":   func(s *signUps) { s.pool.fails("ScramblePassword", false) },
		"after the password is set":    func(s *signUps) { s.pool.fails("ScramblePassword", true) },
		"before the ticket is signed":  func(s *signUps) { s.ring.Fail(errBroken) },
		"before a squatter is deleted": func(s *signUps) { s.squatAnd("Delete", false) },
		"after a squatter is deleted":  func(s *signUps) { s.squatAnd("Delete", true) },
		"before a squatter is found":   func(s *signUps) { s.squatAnd("Find", false) },
	}
	made := []string{"after the password is set", "before the ticket is signed"}
	for _, properties := range []string{byEmail, byName} {
		for name, breaks := range breaks {
			if properties == byName && strings.Contains(name, "squatter") {
				continue // squatters are in nobody's way there
			}
			t.Run(name, func(t *testing.T) {
				s := newSignUps(t, properties)
				completes := s.ask()
				breaks(s)
				if outcome, _ := s.complete(completes); outcome != "503 try_again" {
					t.Fatalf("the first time it answers %s", outcome)
				}
				s.ring.Fail(nil)
				s.Advance(time.Second)
				outcome, signedUp := s.complete(completes)
				if outcome != created {
					t.Fatalf("the second time it answers %s", outcome)
				}
				s.wantIn(signedUp)
				if n := s.users(); n != 1 {
					t.Errorf("%d users, want 1", n)
				}
			})
			t.Run(name+", and begun anew", func(t *testing.T) {
				s := newSignUps(t, properties)
				completes := s.ask()
				breaks(s)
				s.complete(completes)
				s.ring.Fail(nil)
				s.nextMinute()
				want := created
				if slices.Contains(made, name) {
					want = "409 account_exists"
				}
				outcome, signedUp := s.complete(s.ask())
				if outcome != want {
					t.Fatalf("it answers %s, want %s", outcome, want)
				}
				if outcome == created {
					s.wantIn(signedUp)
				}
				if n := s.users(); n != 1 {
					t.Errorf("%d users, want 1", n)
				}
			})
		}
	}
}

// squatAnd has somebody squat on the address, and the pool fail.
func (s *signUps) squatAnd(operation string, lost bool) {
	s.t.Helper()
	if err := s.squat(address, address); err != nil {
		s.t.Fatal(err)
	}
	s.pool.fails(operation, lost)
}

// A reply that got lost, and a crowd with one code: one account, and the code is
// spent after the grace.
func TestRepeatedSignUp(t *testing.T) {
	s := newSignUps(t, byEmail)
	completes := s.ask()
	crowd := passkeytest.AtOnce(func(int) string {
		outcome, _ := s.complete(completes)
		return outcome
	})
	tickets := 0
	for _, outcome := range crowd {
		switch outcome {
		case created:
			tickets++
		case "400 wrong_code":
		default:
			t.Errorf("of a crowd one is answered %s", outcome)
		}
	}
	if tickets == 0 || tickets > 3 || s.users() != 1 {
		t.Errorf("%d tickets and %d users", tickets, s.users())
	}
	s.Advance(time.Second)
	s.Advance(21 * time.Second)
	if outcome, _ := s.complete(completes); outcome != "400 wrong_code" {
		t.Errorf("the code after the grace is answered %s", outcome)
	}
}
