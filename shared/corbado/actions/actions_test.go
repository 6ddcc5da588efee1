package actions_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/actions"
)

func (f *fixture) preLogin(typed string) corbado.ActionReply {
	f.Helper()
	reply, err := f.corbado.PreLogin(f.Context(), typed)
	if err != nil {
		f.Fatal(err)
	}
	return reply
}

func (f *fixture) postAppend(userName string) corbado.ActionReply {
	f.Helper()
	reply, err := f.corbado.PostAppend(f.Context(), userName)
	if err != nil {
		f.Fatal(err)
	}
	return reply
}

func TestPreLoginTranslatesTheAddress(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	f.signUp("bob", "bob@example.com")
	for typed, want := range map[string]string{
		address:           "alice",
		"alice":           "alice",
		"bob@example.com": "bob", // has not confirmed it yet
	} {
		if reply := f.preLogin(typed); reply.Identifier != want || reply.Error != nil {
			t.Errorf("%s: %+v, want %s", typed, reply, want)
		}
	}
}

func TestPreLoginProblems(t *testing.T) {
	f := newFixture(t)
	for name, set := range map[string]func(name, email string){
		"disabled": func(name, email string) { f.create(name, email); f.disable(name) },
		"invited":  f.invite,
		"reset": func(name, email string) {
			f.create(name, email)
			f.pool.change(func(p *pool) { p.reset[name] = true })
		},
	} {
		set(name, name+"@example.com")
	}
	for typed, test := range map[string]struct {
		identifier string
		want       corbado.ActionError
	}{
		"disabled@example.com": {"disabled", corbado.ActionError{Code: "account_disabled", Message: "The account is disabled."}},
		"invited@example.com":  {"invited", corbado.ActionError{Code: "force_change_password", Message: "The temporary password has to be changed first."}},
		"reset@example.com":    {"reset", corbado.ActionError{Return: true, Code: "reset_required", Payload: "reset@example.com"}},
		"nobody@example.com":   {"nobody@example.com", corbado.ActionError{Return: true, Code: "user_not_found", Message: "There is no such user."}},
	} {
		reply := f.preLogin(typed)
		if reply.Identifier != test.identifier || reply.Error == nil || *reply.Error != test.want {
			t.Errorf("%s: %q with %+v, want %q with %+v", typed, reply.Identifier, reply.Error, test.identifier, test.want)
		}
	}
}

// An address is its owner's only when it is confirmed: whoever writes another's
// into an account of their own must not be taken for the owner.
func TestPreLoginTakesNobodyForAnother(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	f.signUp("mallory", address)
	if reply := f.preLogin(address); reply.Identifier != "alice" || reply.Error != nil {
		t.Errorf("the owner is %+v", reply)
	}
	f.createUnverified("trudy", "victim@example.com")
	if reply := f.preLogin("victim@example.com"); reply.Error == nil || reply.Error.Code != "user_not_found" {
		t.Errorf("an address that a confirmed user never verified is %+v", reply)
	}
	f.signUp("first", "claimed@example.com")
	f.signUp("second", "claimed@example.com")
	if reply := f.preLogin("claimed@example.com"); reply.Error == nil || reply.Error.Code != "user_not_found" {
		t.Errorf("an address that two wait to confirm is %+v", reply)
	}
}

func TestPreLoginFilterIsNotInjected(t *testing.T) {
	f := newFixture(t)
	f.signUp("alice", address)
	for typed, listed := range map[string]string{
		`"^="`:                        `email = \"\\\"^=\\\"\"`,
		`x"`:                          `email = \"x\\\"\"`,
		`x\"`:                         `email = \"x\\\\\\\"\"`,
		`\`:                           `email = \"\\\\\"`,
		`" or status = "Enabled`:      "", // not a user name by its spaces: nobody is asked
		"a\nb":                        "",
		"":                            "",
		strings.Repeat("a", 129):      "",
		strings.Repeat("ä", 128) + "": `email = \"` + strings.Repeat("ä", 128) + `\"`,
	} {
		before := len(f.pool.asked("ListUsers"))
		reply, err := f.handler.Actions.PreLogin(t.Context(), typed)
		if err != nil || reply.Identifier != typed || reply.Error == nil || reply.Error.Code != actions.CodeUserNotFound {
			t.Errorf("%q: %+v, %v", typed, reply, err)
		}
		var asked string
		if calls := f.pool.asked("ListUsers"); len(calls) > before {
			asked = calls[before]
		}
		if (asked == "") != (listed == "") || !strings.Contains(asked, listed) {
			t.Errorf("%q: listed by %s, want %s", typed, asked, listed)
		}
	}
}

func TestPostAppendSetsASecondFactor(t *testing.T) {
	for _, factor := range []actions.MFA{actions.SMS, actions.EmailOTP, actions.TOTP} {
		t.Run(string(factor), func(t *testing.T) {
			f := newFixture(t)
			f.handler.Actions.MFA = factor
			f.create("alice", address)
			f.pool.change(func(p *pool) { p.hasMFA = true })
			for range 2 { // Corbado may call again
				if reply := f.postAppend("alice"); reply.Username != "alice" || reply.Error != nil {
					t.Errorf("%+v", reply)
				}
			}
			if set := f.pool.asked("AdminSetUserMFAPreference"); len(set) != 1 || f.pool.mfa["alice"] != string(factor) {
				t.Errorf("set %d times to %q", len(set), f.pool.mfa["alice"])
			}
		})
	}
}

func TestPostAppendKeepsTheUsersSecondFactor(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	f.pool.change(func(p *pool) { p.hasMFA, p.mfa["alice"] = true, "SOFTWARE_TOKEN_MFA" })
	if reply := f.postAppend("alice"); reply.Error != nil || f.pool.mfa["alice"] != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("%+v, prefers %q", reply, f.pool.mfa["alice"])
	}
}

func TestPostAppendProblems(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	for name, test := range map[string]struct {
		user       string
		mfa        actions.MFA
		code, says string
	}{
		"a pool that refuses the factor":     {"alice", actions.SMS, "mfa_unavailable", "Amazon Cognito refuses to prefer SMS_MFA"},
		"a pool that is known to have none":  {"alice", "", "mfa_unavailable", "The user pool has no multi-factor authentication"},
		"a user that does not exist":         {"nobody", actions.SMS, "user_not_found", "There is no such user."},
		"a name that no user could have had": {"no body", actions.SMS, "user_not_found", "There is no such user."},
	} {
		f.handler.Actions.MFA = test.mfa
		reply := f.postAppend(test.user)
		if reply.Username != test.user || reply.Error == nil || !reply.Error.Return || reply.Error.Code != test.code || !strings.HasPrefix(reply.Error.Message, test.says) {
			t.Errorf("%s: %q with %+v", name, reply.Username, reply.Error)
		}
	}
}

func TestParseMFA(t *testing.T) {
	for _, name := range []string{"", "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"} {
		if m, err := actions.ParseMFA(name); err != nil || string(m) != name {
			t.Errorf("%q: %q, %v", name, m, err)
		}
	}
	if _, err := actions.ParseMFA("sms"); !errors.Is(err, actions.ErrMFA) || !strings.Contains(err.Error(), `"sms"`) {
		t.Errorf("error %v", err)
	}
}
