package passkeys_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
)

// mailing is a construct with links and codes by mail, changed.
func mailing(change func(*passkeys.Props)) passkeys.Props {
	props := minimal()
	props.EmailCode = &passkeys.EmailCode{}
	props.EmailLink = &passkeys.EmailLink{RedirectURLs: []string{"https://example.com/sign-in"}}
	props.Mail = &passkeys.Mail{From: "sign-in@example.com", ConfigurationSet: "set"}
	change(&props)
	return props
}

// Create sends mail from the one address and writes what it mailed and no more;
// Verify records what was used, and the API's function tells of changes.
func TestLeastPrivilegeOfMail(t *testing.T) {
	all := synthesize(mailing(func(*passkeys.Props) {})).all
	const arn = "arn:${AWS::Partition}:"
	const sends = "ses:SendEmail on " + arn + "ses:${AWS::Region}:${AWS::AccountId}:identity/sign-in@example.com " +
		arn + "ses:${AWS::Region}:${AWS::AccountId}:configuration-set/set if sign-in@example.com"
	for function, want := range map[string][]string{
		"TriggersCreateAuthChallenge": {
			"dynamodb:GetItem on ${PasskeysTable.Arn} if MAIL#* RATE#*",
			"dynamodb:PutItem on ${PasskeysTable.Arn} if MAIL#*",
			"dynamodb:UpdateItem on ${PasskeysTable.Arn} if RATE#*",
			sends,
			"ssm:GetParameter on " + arn + "ssm:${AWS::Region}:${AWS::AccountId}:parameter/passkeys/Stack/Passkeys/mail",
		},
		"TriggersVerifyAuthChallenge": {"dynamodb:GetItem dynamodb:UpdateItem on ${PasskeysTable.Arn} if USER#* MAIL#*"},
		"ApiFunction":                 {sends},
	} {
		got := statementsOf(all.named(t, "AWS::IAM::Role", "Passkeys"+function+"Role"))
		without := statementsOf(defaults().all.named(t, "AWS::IAM::Role", "Passkeys"+function+"Role"))
		got = slices.DeleteFunc(got, func(s string) bool { return slices.Contains(without, s) })
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s may further (-want +got):\n%s", function, diff)
		}
	}
}

// Policy is each app client's own, and a session lasts until the mail is there.
func TestPolicyOfClients(t *testing.T) {
	for policy, props := range map[string]passkeys.Props{
		"passkey-preferred": mailing(func(*passkeys.Props) {}),
		"passkey-required":  mailing(func(p *passkeys.Props) { p.SignInPolicy = passkeys.PasskeyRequired }),
	} {
		s := synthesize(props)
		for _, client := range s.all.ofType("Custom::PasskeysAppClient") {
			if client["Policy"] != policy || flat(client["Methods"]) != "passkey code link" {
				t.Errorf("the client's item is of %v, want %s", client, policy)
			}
		}
		for _, client := range s.all.ofType("AWS::Cognito::UserPoolClient") {
			if client["AuthSessionValidity"] != 15.0 {
				t.Errorf("a session lasts %v minutes, want 15", client["AuthSessionValidity"])
			}
		}
	}
}

func TestValidateMail(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*passkeys.Props)
		want   string // empty: it is valid
	}{
		"accepts a domain's identity":       {func(p *passkeys.Props) { p.Mail.From, p.Mail.Identity = "a@mail.example.com", "example.com" }, ""},
		"rejects another domain's":          {func(p *passkeys.Props) { p.Mail.Identity = "example.org" }, "Mail.Identity"},
		"rejects no sender":                 {func(p *passkeys.Props) { p.Mail = nil }, "Mail.From"},
		"rejects a sender with a name":      {func(p *passkeys.Props) { p.Mail.From = "Ann <ann@example.com>" }, "Mail.From"},
		"rejects a name of two lines":       {func(p *passkeys.Props) { p.Mail.FromName = "a\r\nBcc: b" }, "Mail.FromName"},
		"rejects links without a page":      {func(p *passkeys.Props) { p.EmailLink.RedirectURLs = nil }, "EmailLink.RedirectURLs"},
		"rejects a page of another site":    {func(p *passkeys.Props) { p.EmailLink.RedirectURLs = []string{"https://example.org/"} }, "EmailLink.RedirectURLs"},
		"rejects a page with a fragment":    {func(p *passkeys.Props) { p.EmailLink.RedirectURLs = []string{"https://example.com/#a"} }, "EmailLink.RedirectURLs"},
		"rejects an origin as a page":       {func(p *passkeys.Props) { p.EmailLink.RedirectURLs = []string{"https://example.com"} }, "EmailLink.RedirectURLs"},
		"rejects a page without encryption": {func(p *passkeys.Props) { p.EmailLink.RedirectURLs = []string{"http://example.com/"} }, "EmailLink.RedirectURLs"},
		"rejects a code of an hour":         {func(p *passkeys.Props) { p.EmailCode.Lifetime = time.Hour }, "EmailCode.Lifetime"},
		"rejects a link of a second":        {func(p *passkeys.Props) { p.EmailLink.Lifetime = time.Second }, "EmailLink.Lifetime"},
		"rejects a policy that is none":     {func(p *passkeys.Props) { p.SignInPolicy = "always" }, "SignInPolicy"},
		"rejects templates that aren't":     {func(p *passkeys.Props) { p.Mail.Templates = "nowhere" }, "Mail.Templates"},
		"rejects a language that isn't":     {func(p *passkeys.Props) { p.Mail.Language = "la" }, "Mail.Templates"},
		"rejects a policy of what is off":   {func(p *passkeys.Props) { p.EmailCode, p.EmailLink = nil, nil }, "Mail is set"},
	} {
		t.Run(name, func(t *testing.T) {
			err := mailing(c.change).Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// An owner's templates lie beside the binaries of the functions that send mail,
// and of no other.
func TestOwnTemplates(t *testing.T) {
	folder := t.TempDir()
	texts := map[string]string{"layout.html": "{{range .Paragraphs}}<p>{{.}}{{end}}"} // file → text
	for _, kind := range mail.Kinds {
		texts[string(kind)+".nl.txt"] = "Subject: {{.Site}}\n\n{{.Code}}{{.Link}}\n"
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with := synthesize(mailing(func(p *passkeys.Props) { p.Mail.Templates, p.Mail.Language = folder, "nl" })).all
	without := synthesize(mailing(func(*passkeys.Props) {})).all
	for function, mails := range map[string]bool{
		"PasskeysTriggersCreateAuthChallenge": true, "PasskeysApiFunction": true, "PasskeysTriggersVerifyAuthChallenge": false,
	} {
		code := func(all resources) string { return fmt.Sprint(all.named(t, "AWS::Lambda::Function", function)["Code"]) }
		if changed := code(with) != code(without); changed != mails {
			t.Errorf("the code of %s changes with them: %t, want %t", function, changed, mails)
		}
		if own := environment(t, with, function)["PASSKEYS_MAIL_TEMPLATES"]; (own == "templates") != mails {
			t.Errorf("%s looks for its templates in %v", function, own)
		}
	}
}

// Letters name the page where users sign in, if they do so on a page.
func TestPageOfLetters(t *testing.T) {
	const app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
	for want, origins := range map[string][]string{"https://example.com": {app, "https://example.com", "https://www.example.com"}, "": {app}} {
		props := mailing(func(p *passkeys.Props) { p.Origins, p.EmailLink = origins, nil })
		all := synthesize(props).all
		for _, function := range []string{"PasskeysTriggersCreateAuthChallenge", "PasskeysApiFunction"} {
			if page := environment(t, all, function)["PASSKEYS_MAIL_PAGE"]; page != want {
				t.Errorf("with %v the page of %s is %q, want %q", origins, function, page, want)
			}
		}
	}
}
