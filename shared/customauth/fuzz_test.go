package customauth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// accepting finds every answer correct and keeps what it was given.
type accepting struct{ answer customauth.Answer }

func (*accepting) Method() string         { return customauth.MethodPasskey }
func (*accepting) Recognizes(string) bool { return true }
func (a *accepting) Check(_ context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	a.answer = answer
	return customauth.Verdict{Correct: true, Method: customauth.MethodPasskey}, nil
}

// opened is what Create seals for a client that allows passkeys.
func opened(tb testing.TB) customauth.Opened {
	tb.Helper()
	o, err := customauth.Create{
		Directory: directory{}, Issuers: []customauth.Issuer{issuer{}},
		Now: func() time.Time { return time.UnixMilli(1_790_000_000_000) },
	}.Open(tb.Context(), customauth.User{Sub: "sub"}, customauth.History{})
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

type directory struct{}

func (directory) Client(context.Context, string) (customauth.Client, error) {
	return customauth.Client{RelyingPartyID: "example.com", UserVerification: "required", Methods: []string{customauth.MethodPasskey}}, nil
}

func (directory) Passkeys(context.Context, string, string) ([]customauth.Passkey, error) {
	return nil, nil
}

type issuer struct{}

func (issuer) Method() string { return customauth.MethodPasskey }
func (issuer) Issue(context.Context, customauth.Issue) (map[string]string, error) {
	return map[string]string{}, nil
}

// FuzzPrivateParameters: only parameters with a whole challenge and times reach
// a checker, only for a method that they accept, and only with an answer that
// is short enough; nothing else is ever correct.
func FuzzPrivateParameters(f *testing.F) {
	p := opened(f).Private
	f.Add(p["v"], p["c"], p["a"], p["x"], p["acc"], "{}")
	f.Add("2", p["c"][1:], "-1", "9223372036854775808", "link,passkey", "__dummy__")
	f.Add("", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, version, challenge, issued, expires, accepted, answer string) {
		checker := &accepting{}
		verdict, err := customauth.Verify{Checkers: []customauth.Checker{checker}}.Check(t.Context(), customauth.User{Sub: "sub"},
			map[string]string{"v": version, "c": challenge, "a": issued, "x": expires, "acc": accepted}, answer, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		asked := checker.answer.Text != "" || checker.answer.Sealed.Challenge != nil
		if verdict.Correct != asked || verdict.Correct == (verdict.Reason != "") {
			t.Fatalf("verdict is %+v, the checker was asked: %t", verdict, asked)
		}
		if !asked {
			return
		}
		sealed := checker.answer.Sealed
		if version != "1" || len(sealed.Challenge) != 32 || sealed.Issued.IsZero() || sealed.Expires.IsZero() ||
			!strings.Contains(accepted, customauth.MethodPasskey) || len(answer) > customauth.MaxAnswer || answer == "__dummy__" {
			t.Errorf("accepted %+v", checker.answer)
		}
	})
}

// FuzzMetadata: metadata that Create didn't write ends a session; what it wrote
// lets a right answer end it with tokens.
func FuzzMetadata(f *testing.F) {
	f.Add(opened(f).Metadata, "CUSTOM_CHALLENGE")
	f.Add("cp1:passkey:", "SRP_A")
	f.Add("cp1:passkey:::::::::::::::::::::::", "")
	f.Fuzz(func(t *testing.T, metadata, challenge string) {
		decision := customauth.Define{}.Decide(customauth.History{
			Entries: []customauth.Entry{{Challenge: challenge, Correct: true, Metadata: metadata}},
		})
		session, isOurs := strings.CutPrefix(metadata, "cp1:passkey:")
		ours := isOurs && challenge == customauth.CustomChallenge && len(session) == 22 && !strings.Contains(session, ":")
		if (decision.Outcome == customauth.Tokens) != ours || decision.Outcome == customauth.Challenge {
			t.Errorf("metadata %q of %q leads to %+v", metadata, challenge, decision)
		}
		if ours && decision.Session != session {
			t.Errorf("session is %q, want %q", decision.Session, session)
		}
	})
}
