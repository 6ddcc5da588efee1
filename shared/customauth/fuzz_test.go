package customauth_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// FuzzPrivateParameters: only parameters with a whole challenge and times reach
// a checker, only for a method that they accept, only with its own private
// values, and only with an answer that is short enough; nothing else is ever correct.
func FuzzPrivateParameters(f *testing.F) {
	create, _ := creating()
	p := open(f, create, customauth.History{}).Private
	f.Add(p["v"], p["c"], p["a"], p["x"], p["acc"], "passkey.t", "{}")
	f.Add(p["v"], p["c"], p["a"], p["x"], p["acc"], "passkeys.t", "{}")
	f.Add("2", p["c"][1:], "-1", "9223372036854775808", "link,passkey", "passkey.", "__dummy__")
	f.Add("", "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, version, challenge, issued, expires, accepted, key, answer string) {
		given := new(customauth.Answer)
		verify := customauth.Verify{Checkers: []customauth.Checker{passkeyChecker(given, nil)}}
		private := map[string]string{key: "value"}
		maps.Copy(private, map[string]string{"v": version, "c": challenge, "a": issued, "x": expires, "acc": accepted})
		verdict, err := verify.Check(t.Context(), user, private, answer, now)
		if err != nil {
			t.Fatal(err)
		}
		asked := given.Sealed.Challenge != nil
		if verdict.Correct != asked || verdict.Correct == (verdict.Reason != "") {
			t.Fatalf("verdict is %+v, the checker was asked: %t", verdict, asked)
		}
		if !asked {
			return
		}
		sealed := given.Sealed
		if version != "1" || len(sealed.Challenge) != 32 || sealed.Issued.IsZero() || sealed.Expires.IsZero() ||
			!strings.Contains(accepted, customauth.MethodPasskey) || len(answer) > customauth.MaxAnswer || answer == "__dummy__" {
			t.Errorf("accepted %+v", *given)
		}
		want := map[string]string{} // key → value
		if own, isOwn := strings.CutPrefix(key, "passkey."); isOwn {
			want[own] = "value"
		}
		if !maps.Equal(sealed.Private, want) {
			t.Errorf("of the private value %q the checker was given %q", key, sealed.Private)
		}
	})
}

// FuzzMetadata: metadata that Create didn't write ends a session; what it wrote,
// for a method that opens one, lets a right answer end it with tokens.
func FuzzMetadata(f *testing.F) {
	create, _ := creating()
	f.Add(open(f, create, customauth.History{}).Metadata, "CUSTOM_CHALLENGE")
	f.Add("cp1:vendor:AAAAAAAAAAAAAAAAAAAAAA", "CUSTOM_CHALLENGE")
	f.Add("cp1:link:AAAAAAAAAAAAAAAAAAAAAA", "CUSTOM_CHALLENGE")
	f.Add("cp1:passkey:", "SRP_A")
	f.Add("cp1:passkey:::::::::::::::::::::::", "")
	f.Fuzz(func(t *testing.T, metadata, challenge string) {
		decision := customauth.Define{Openers: []string{methodVendor}, Fallbacks: fallbacks}.Decide(customauth.History{
			Entries: []customauth.Entry{{Challenge: challenge, Correct: true, Metadata: metadata}},
		})
		session, isOurs := strings.CutPrefix(metadata, "cp1:passkey:")
		if !isOurs {
			session, isOurs = strings.CutPrefix(metadata, "cp1:vendor:")
		}
		ours := isOurs && challenge == customauth.CustomChallenge && len(session) == 22 && !strings.Contains(session, ":")
		if (decision.Outcome == customauth.Tokens) != ours || decision.Outcome == customauth.Challenge {
			t.Errorf("metadata %q of %q leads to %+v", metadata, challenge, decision)
		}
		if ours && decision.Session != session {
			t.Errorf("session is %q, want %q", decision.Session, session)
		}
	})
}
