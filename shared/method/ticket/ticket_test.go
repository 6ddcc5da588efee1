package ticket_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

func TestTicketSignsInOnce(t *testing.T) {
	s := newScene(t)
	u := s.NewUser(subA)
	text := s.sign(t, subA)
	session := s.Begin(t, u)
	s.WantTokens(t, session, text)
	last := s.Log.Last(t, "verified")
	if flags, _ := last["flags"].([]any); last["method"] != "ticket" || !slices.Equal(flags, []any{"amr:otp"}) {
		t.Errorf("logged %v, want the method ticket and the flag amr:otp", last)
	}
	if got := s.verdict(t, s.Begin(t, u), text); got != spent {
		t.Errorf("in another session the ticket is %s, want %s", got, spent)
	}
	if strings.Contains(s.Log.String(), text) {
		t.Error("the ticket was logged")
	}
}

func TestPasskeysWorkBesideTickets(t *testing.T) {
	s := newScene(t)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	session := s.Begin(t, u)
	s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
	session = s.Begin(t, u)
	s.WantTokens(t, session, s.sign(t, subA))
}

func TestTicketRefusals(t *testing.T) {
	payload := func(member string, value any) func(*testing.T, *scene) string {
		return func(t *testing.T, s *scene) string {
			return s.forge(t, func(payload map[string]any) { payload[member] = value })
		}
	}
	for _, c := range []struct {
		name   string
		answer func(*testing.T, *scene) string
		reason string
	}{
		{"rejects another user's ticket", func(t *testing.T, s *scene) string { return s.sign(t, subB) }, "wrong_user"},
		{"rejects a ticket of no user", payload("sub", ""), "wrong_user"},
		{"rejects a ticket for another app client", payload("client", "another"), "wrong_app_client"},
		{"rejects a ticket for another pool", payload("pool", "us-east-1_Other0000"), "wrong_pool"},
		{"rejects a ticket whose life is too long", func(t *testing.T, s *scene) string {
			return s.forge(t, func(payload map[string]any) { payload["exp"] = payload["iat"].(float64) + 61 })
		}, "lifetime_too_long"},
		{"rejects a ticket that ends before it begins", payload("exp", 0), "lifetime_too_long"},
		{"rejects a ticket that has expired", func(t *testing.T, s *scene) string {
			text := s.sign(t, subA)
			s.Advance(91 * time.Second)
			return text
		}, "ticket_expired"},
		{"rejects a ticket from the future", func(t *testing.T, s *scene) string {
			text := s.sign(t, subA)
			s.Advance(-31 * time.Second)
			return text
		}, "ticket_from_the_future"},
		{"rejects a ticket of an unknown key", func(t *testing.T, s *scene) string {
			s.ring.Rotate()
			s.ring.Rotate()
			return s.sign(t, subA)
		}, "unknown_key"},
		{"rejects a ticket that names another key than signed it", func(t *testing.T, s *scene) string {
			s.ring.Rotate()
			next := s.sign(t, subA)
			return strings.Join([]string{"tk1", strings.Split(next, ".")[1], strings.Split(s.forge(t, func(map[string]any) {}), ".")[2]}, ".")
		}, "bad_signature"},
		{"rejects a changed payload", func(t *testing.T, s *scene) string {
			mine, other := strings.Split(s.sign(t, subA), "."), strings.Split(s.sign(t, subB), ".")
			return strings.Join([]string{"tk1", mine[1], other[2]}, ".")
		}, "bad_signature"},
		{"rejects a ticket without signature", func(t *testing.T, s *scene) string {
			return strings.Join(strings.Split(s.sign(t, subA), ".")[:2], ".") + "."
		}, "bad_signature"},
		{"rejects a ticket without id", payload("jti", ""), "malformed"},
		{"rejects an id that can be guessed", payload("jti", strings.Repeat("x", 15)), "malformed"},
		{"rejects an id that is too long", payload("jti", strings.Repeat("x", 65)), "malformed"},
		{"rejects an id that could be another item's", payload("jti", "corbado:"+strings.Repeat("x", 43)), "malformed"},
		{"rejects a ticket that says nothing of how the user was authenticated", payload("amr", []string{}), "malformed"},
		{"rejects a way to authenticate that is no word", payload("amr", []string{"otp\nlevel=ERROR"}), "malformed"},
		{"rejects a member that tickets don't have", payload("scope", "admin"), "malformed"},
		{"rejects a payload with something behind it", func(t *testing.T, s *scene) string { return s.signText(t, s.payload(t)+" {}") }, "malformed"},
		{"rejects a payload that is no JSON", func(t *testing.T, s *scene) string { return s.signText(t, `{`) }, "malformed"},
		{"rejects a second text of the same bytes", func(t *testing.T, s *scene) string { return lastBit(s.sign(t, subA)) }, "malformed"},
		{"rejects padding", func(t *testing.T, s *scene) string { return s.sign(t, subA) + "==" }, "malformed"},
		{"rejects a fourth part", func(t *testing.T, s *scene) string { return s.sign(t, subA) + ".e30" }, "malformed"},
		{"rejects a ticket that is only its prefix", func(*testing.T, *scene) string { return "tk1." }, "malformed"},
		{"rejects a ticket of another version", func(t *testing.T, s *scene) string { return "tk2" + s.sign(t, subA)[3:] }, "no_method"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			u := s.NewUser(subA)
			s.NewUser(subB)
			session := s.Begin(t, u)
			if got := s.verdict(t, session, c.answer(t, s)); got != c.reason {
				t.Errorf("the ticket is %s, want %s", got, c.reason)
			}
		})
	}
}

// lastBit changes a bit of the last character that no decoded byte holds.
func lastBit(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	end := len(text) - 1
	return text[:end] + string(alphabet[strings.IndexByte(alphabet, text[end])^1])
}

func TestTicketIsRefusedWhereTheClientDoesNotListIt(t *testing.T) {
	s := newScene(t)
	s.Client.Methods = s.Client.Methods[:1]
	if got := s.verdict(t, s.Begin(t, s.NewUser(subA)), s.sign(t, subA)); got != "method_refused" {
		t.Errorf("the ticket is %s, want method_refused", got)
	}
}

// Cognito runs the triggers for names that nobody has, and makes up a user name.
func TestTicketIsRefusedForNobody(t *testing.T) {
	s := newScene(t)
	nobody := journey.User{Name: subA, NotFound: true}
	ofNobody := s.forge(t, func(payload map[string]any) { payload["sub"] = "" })
	for _, answer := range []string{s.sign(t, subA), ofNobody} {
		if got := s.verdict(t, s.Begin(t, nobody), answer); got != "wrong_user" {
			t.Errorf("the ticket is %s, want wrong_user", got)
		}
	}
}

// The backend may use the next key before Verify is deployed again, and the
// previous one after.
func TestTicketsOutliveARotation(t *testing.T) {
	for _, rotated := range []string{"before", "after"} {
		t.Run("rotated "+rotated+" the ticket is signed", func(t *testing.T) {
			s := newScene(t)
			u := s.NewUser(subA)
			if rotated == "before" {
				s.ring.Rotate() // and Verify knows it as the next key
			}
			text := s.sign(t, subA)
			if rotated == "after" {
				s.ring.Rotate()
				s.use(t, s.Store) // Verify knows it as the previous key
			}
			if got := s.verdict(t, s.Begin(t, u), text); got != right {
				t.Errorf("the ticket is %s", got)
			}
		})
	}
}

func TestClocksMayDiffer(t *testing.T) {
	for _, skew := range []time.Duration{-30 * time.Second, 89 * time.Second} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			s := newScene(t)
			u, text := s.NewUser(subA), s.sign(t, subA)
			s.Advance(skew)
			if got := s.verdict(t, s.Begin(t, u), text); got != right {
				t.Errorf("the ticket is %s", got)
			}
		})
	}
}

func TestSignerRefuses(t *testing.T) {
	s := newScene(t)
	outage := errors.New("no such parameter")
	complete := ticket.Grant{ClientID: journey.ClientID, Sub: subA, Methods: []string{"pwd", "otp"}}
	for _, c := range []struct {
		name   string
		change func(*ticket.Signer, *ticket.Grant)
		want   error
	}{
		{"rejects a ticket for no pool", func(s *ticket.Signer, _ *ticket.Grant) { s.PoolID = "" }, ticket.ErrNobody},
		{"rejects a ticket for no app client", func(_ *ticket.Signer, g *ticket.Grant) { g.ClientID = "" }, ticket.ErrNobody},
		{"rejects a ticket for no user", func(_ *ticket.Signer, g *ticket.Grant) { g.Sub = "" }, ticket.ErrNobody},
		{"rejects a ticket without method", func(_ *ticket.Signer, g *ticket.Grant) { g.Methods = nil }, ticket.ErrMethods},
		{"rejects a method that is no word", func(_ *ticket.Signer, g *ticket.Grant) { g.Methods = []string{"one time"} }, ticket.ErrMethods},
		{"rejects too many methods", func(_ *ticket.Signer, g *ticket.Grant) { g.Methods = slices.Repeat(g.Methods, 5) }, ticket.ErrMethods},
		{"fails without its key", func(*ticket.Signer, *ticket.Grant) { s.ring.Fail(outage) }, outage},
	} {
		t.Run(c.name, func(t *testing.T) {
			signer, grant := s.signer(), complete
			c.change(&signer, &grant)
			if text, err := signer.Sign(t.Context(), grant); !errors.Is(err, c.want) || text != "" {
				t.Errorf("received %q and %v, want %v", text, err, c.want)
			}
		})
	}
}

// A backend's key signs nobody in where only the stack's own tickets are taken,
// and the other way round, whatever the text says that the ticket is.
func TestKindsHaveKeysOfTheirOwn(t *testing.T) {
	s := newScene(t)
	accounts := journey.NewRing(t, secret.Signing)
	ring, err := accounts.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secret.ParsePublicKeys(ring.PublicKeys())
	if err != nil {
		t.Fatal(err)
	}
	s.Client.Methods = append(s.Client.Methods, customauth.MethodAccount)
	s.Checkers = append(s.Checkers, ticket.Checker{Kind: ticket.Account, Keys: keys, Store: s.Store, Now: s.Now})
	u := s.NewUser(subA)
	own := s.signer()
	own.Kind = ticket.Account
	own.Key = func(context.Context) (secret.Key, error) { return ring.Current(), nil }
	grant := ticket.Grant{ClientID: journey.ClientID, Sub: subA, Methods: []string{"otp"}}
	text, err := own.Sign(t.Context(), grant)
	if err != nil {
		t.Fatal(err)
	}
	foreign := s.signer()
	foreign.Kind = ticket.Account
	forged, err := foreign.Sign(t.Context(), grant)
	if err != nil {
		t.Fatal(err)
	}
	_, payload, _ := strings.Cut(text, ".")
	for name, c := range map[string]struct{ answer, verdict string }{
		"the stack's own ticket":                  {text, right},
		"the stack's own, said to be a backend's": {"tk1." + payload, "unknown_key"},
		"a backend's, said to be the stack's own": {forged, "unknown_key"},
	} {
		if got := s.verdict(t, s.Begin(t, u), c.answer); got != c.verdict {
			t.Errorf("%s is %s, want %s", name, got, c.verdict)
		}
	}
}
