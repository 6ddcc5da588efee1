package customauth_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

const (
	sid      = "AAAAAAAAAAAAAAAAAAAAAA"
	otherSID = "BBBBBBBBBBBBBBBBBBBBBB"
)

var fallbacks = []string{customauth.MethodLink, customauth.MethodCode, customauth.MethodSMS}

// alphabet is every kind of entry that a session could hold.
func alphabet() []customauth.Entry {
	var entries []customauth.Entry
	for _, correct := range []bool{false, true} {
		for _, metadata := range []string{
			"cp1:passkey:" + sid, "cp1:link:" + sid, "cp1:code:" + sid, "cp1:sms:" + sid, "cp1:vendor:" + sid,
			"cp1:passkey:" + otherSID, "cp1:unknown:" + sid, "cp2:passkey:" + sid, "cp1:passkey:short", "",
		} {
			entries = append(entries, customauth.Entry{Challenge: customauth.CustomChallenge, Correct: correct, Metadata: metadata})
		}
		for _, name := range []string{"SRP_A", "PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "SMS_MFA", "PROVIDE_AUTH_PARAMETERS"} {
			entries = append(entries, customauth.Entry{Challenge: name, Correct: correct, Metadata: "cp1:passkey:" + sid})
		}
	}
	return entries
}

// rule is the decision table, written a second way: as a grammar of histories
// over one letter per entry, p l c s for a wrong answer and P L C S for a right
// one; a vendor's method opens a session as the passkey does.
func rule(entries []customauth.Entry, ask string, userNotFound bool) customauth.Outcome {
	var word strings.Builder
	session := ""
	for _, e := range entries {
		parts := strings.Split(e.Metadata, ":")
		if e.Challenge != "CUSTOM_CHALLENGE" || len(parts) != 3 || parts[0] != "cp1" || len(parts[2]) != 22 || (session != "" && session != parts[2]) {
			return customauth.Fail
		}
		session = parts[2]
		letter, known := map[string]string{"passkey": "p", "vendor": "p", "link": "l", "code": "c", "sms": "s"}[parts[1]]
		if !known {
			return customauth.Fail
		}
		if e.Correct {
			letter = strings.ToUpper(letter)
		}
		word.WriteString(letter)
	}
	switch w := word.String(); {
	case w == "":
		return customauth.Challenge
	case strings.ToLower(w[:1]) != "p", strings.ContainsAny(strings.ToLower(w[1:]), "p"), strings.ContainsAny(w[:len(w)-1], "PLCS"):
		return customauth.Fail
	case strings.ContainsAny(w, "PLCS"):
		if userNotFound {
			return customauth.Fail
		}
		return customauth.Tokens
	case len(w) == 4:
		return customauth.Fail
	case w == "p":
		if ask == "MAGIC_LINK" || ask == "EMAIL_CODE" || ask == "SMS_OTP" || ask == "SMS_OTP_STEPUP" {
			return customauth.Challenge
		}
		return customauth.Fail
	case strings.HasSuffix(w, "c") && strings.Count(w, "c") < 3, strings.HasSuffix(w, "s") && strings.Count(w, "s") < 3:
		return customauth.Challenge
	default:
		return customauth.Fail
	}
}

// Every sequence of up to four entries gets the decision that the table gives it.
func TestDefineDecidesEveryHistory(t *testing.T) {
	define := customauth.Define{Openers: []string{methodVendor}, Fallbacks: fallbacks}
	letters := alphabet()
	outcomes := map[customauth.Outcome]int{} // outcome → histories
	var walk func(history []customauth.Entry)
	walk = func(history []customauth.Entry) {
		for _, ask := range []string{"", "FIDO2", "MAGIC_LINK"} {
			for _, notFound := range []bool{false, true} {
				decision := define.Decide(customauth.History{
					Entries: history, UserNotFound: notFound, Ask: map[string]string{"signInMethod": ask},
				})
				if want := rule(history, ask, notFound); decision.Outcome != want {
					t.Fatalf("%v asking %q (user not found: %t): outcome %d, want %d", history, ask, notFound, decision.Outcome, want)
				}
				outcomes[decision.Outcome]++
			}
		}
		if len(history) == 4 {
			return
		}
		for _, e := range letters {
			walk(append(history[:len(history):len(history)], e))
		}
	}
	walk(nil)
	for _, o := range []customauth.Outcome{customauth.Fail, customauth.Challenge, customauth.Tokens} {
		if outcomes[o] == 0 {
			t.Errorf("no history led to outcome %d", o)
		}
	}
}

func TestDefineBoundsAttempts(t *testing.T) {
	define := customauth.Define{Fallbacks: fallbacks}
	for _, ask := range []string{"MAGIC_LINK", "EMAIL_CODE", "SMS_OTP", "SMS_OTP_STEPUP"} {
		var history []customauth.Entry
		rounds := 0
		for {
			decision := define.Decide(customauth.History{Entries: history, Ask: map[string]string{"signInMethod": ask}})
			if decision.Outcome != customauth.Challenge {
				break
			}
			rounds++
			if rounds > 4 {
				t.Fatalf("asking %s, a client that answers wrongly gets more than 4 challenges", ask)
			}
			history = append(history, customauth.Entry{
				Challenge: customauth.CustomChallenge, Metadata: fmt.Sprintf("cp1:%s:%s", decision.Method, sid),
			})
		}
	}
}

func TestDefineFallbacks(t *testing.T) {
	first := []customauth.Entry{{Challenge: customauth.CustomChallenge, Metadata: "cp1:passkey:" + sid}}
	for _, c := range []struct {
		name      string
		fallbacks []string
		ask       map[string]string
		want      string // method, empty for a refusal
	}{
		{"an enabled fallback that is asked for", fallbacks, map[string]string{"signInMethod": "MAGIC_LINK"}, customauth.MethodLink},
		{"a fallback that is not enabled", nil, map[string]string{"signInMethod": "MAGIC_LINK"}, ""},
		{"a link that the client says it has", fallbacks, map[string]string{"signInMethod": "MAGIC_LINK", "alreadyHaveMagicLink": "yes"}, ""},
		{"a link that the client says it has not", fallbacks, map[string]string{"signInMethod": "MAGIC_LINK", "alreadyHaveMagicLink": "no"}, customauth.MethodLink},
		{"nothing asked for", fallbacks, nil, ""},
		{"the passkey again", fallbacks, map[string]string{"signInMethod": "FIDO2"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := customauth.Define{Fallbacks: c.fallbacks}.Decide(customauth.History{Entries: first, Ask: c.ask})
			if got.Method != c.want || (c.want != "") != (got.Outcome == customauth.Challenge) {
				t.Errorf("decision is %+v, want method %q", got, c.want)
			}
		})
	}
}
