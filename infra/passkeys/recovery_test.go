package passkeys_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// recovering is a construct with recovery.
func recovering(recovery passkeys.Recovery, change func(*passkeys.Props)) passkeys.Props {
	return mailing(func(p *passkeys.Props) {
		p.Recovery = &recovery
		change(p)
	})
}

func unchanged(*passkeys.Props) {}

func TestRecoverySettings(t *testing.T) {
	none, hour := time.Duration(0), time.Hour
	for name, c := range map[string]struct {
		props passkeys.Recovery
		want  settings.Recovery
	}{
		"by default":         {passkeys.Recovery{}, settings.Recovery{Recovers: true, RecoveryDelay: 24 * time.Hour}},
		"with another delay": {passkeys.Recovery{Delay: &hour}, settings.Recovery{Recovers: true, RecoveryDelay: time.Hour}},
		"without delay, keeping passkeys": {passkeys.Recovery{Delay: &none, KeepPasskeys: true},
			settings.Recovery{Recovers: true, KeepPasskeys: true}},
	} {
		t.Run(name, func(t *testing.T) {
			env := environment(t, synthesize(recovering(c.props, unchanged)).all, "PasskeysAccountsFunction")
			var got settings.Recovery
			if err := settings.Parse(func(variable string) (string, bool) { v, ok := env[variable]; return v, ok }, &got); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("the function gets %+v, want %+v", got, c.want)
			}
		})
	}
}

// What removes passkeys may also reserve their ids; what keeps them may not touch those.
func TestLeastPrivilegeOfRecovery(t *testing.T) {
	for name, c := range map[string]struct {
		props passkeys.Recovery
		want  string
	}{
		"removing passkeys": {passkeys.Recovery{}, "dynamodb:Query dynamodb:DeleteItem dynamodb:UpdateItem dynamodb:PutItem on ${PasskeysTable.Arn} if USER#* CRED#*"},
		"keeping passkeys":  {passkeys.Recovery{KeepPasskeys: true}, "dynamodb:Query dynamodb:DeleteItem on ${PasskeysTable.Arn} if USER#*"},
	} {
		t.Run(name, func(t *testing.T) {
			const role = "PasskeysAccountsFunctionRole"
			got := statementsOf(synthesize(recovering(c.props, unchanged)).all.named(t, "AWS::IAM::Role", role))
			without := statementsOf(synthesize(mailing(func(p *passkeys.Props) { p.SignUp = &passkeys.SignUp{} })).all.named(t, "AWS::IAM::Role", role))
			got = slices.DeleteFunc(got, func(s string) bool { return slices.Contains(without, s) })
			slices.Sort(got)
			want := []string{
				"cognito-idp:ListUsers on ${PasskeysUserPool.Arn}",
				"dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem dynamodb:DeleteItem on ${PasskeysTable.Arn} if MAIL#*",
				c.want,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the function may (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecoveryThatMailsIsThrottled(t *testing.T) {
	for _, stage := range synthesize(recovering(passkeys.Recovery{}, unchanged)).all.ofType("AWS::ApiGatewayV2::Stage") {
		want := map[string]any{routes.Recovery.Key(): map[string]any{"ThrottlingRateLimit": 2.0, "ThrottlingBurstLimit": 20.0}}
		if diff := cmp.Diff(want, stage["RouteSettings"]); diff != "" {
			t.Errorf("settings of routes (-want +got):\n%s", diff)
		}
	}
}

func TestValidateRecovery(t *testing.T) {
	long, negative := 721*time.Hour, -time.Second
	for name, c := range map[string]struct {
		props passkeys.Props
		want  string // empty: it is valid
	}{
		"accepts links to a page on this machine": {recovering(passkeys.Recovery{}, func(p *passkeys.Props) {
			p.RelyingPartyID, p.Origins = "localhost", []string{"http://localhost:8080"}
			p.EmailLink.RedirectURLs = []string{"http://localhost:8080/"}
		}), ""},
		"rejects a delay of more than a month": {recovering(passkeys.Recovery{Delay: &long}, unchanged), `Recovery.Delay is "721h0m0s": use 0s to 720h0m0s`},
		"rejects a negative delay":             {recovering(passkeys.Recovery{Delay: &negative}, unchanged), `Recovery.Delay is "-1s"`},
		"rejects recovery without mail": {recovering(passkeys.Recovery{}, func(p *passkeys.Props) {
			p.EmailCode, p.EmailLink, p.Mail = nil, nil, nil
		}), "Recovery is set: set EmailCode or EmailLink too"},
		"rejects users who sign in by phone": {recovering(passkeys.Recovery{}, func(p *passkeys.Props) { p.SignIn = passkeys.SignInPhone }), "Recovery is set: leave it out"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" {
				synthesize(c.props)
				return
			}
			if err := c.props.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
