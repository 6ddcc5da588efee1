package passkeys_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

const originationIdentity = "arn:aws:sms-voice:eu-central-1:111122223333:pool/pool-0123456789abcdef0123456789abcdef"

// texting is a construct with codes in text messages, changed.
func texting(change func(*passkeys.Props)) passkeys.Props {
	props := minimal()
	props.SMSCode = &passkeys.SMSCode{OriginationIdentity: originationIdentity, CountryCodes: []string{"+49", "+43"}}
	change(&props)
	return props
}

// Create sends text messages from the one identity, with a key that no other
// function reads, and writes what it sent and no more; Verify records what was used.
func TestLeastPrivilegeOfTextMessages(t *testing.T) {
	all := synthesize(texting(func(p *passkeys.Props) { p.SMSCode.ProtectConfiguration = "protect-0123456789abcdef" })).all
	const arn = "arn:${AWS::Partition}:"
	for function, want := range map[string][]string{
		"TriggersCreateAuthChallenge": {
			"dynamodb:GetItem on ${PasskeysTable.Arn} if MAIL#* RATE#*",
			"dynamodb:PutItem on ${PasskeysTable.Arn} if MAIL#*",
			"dynamodb:UpdateItem on ${PasskeysTable.Arn} if RATE#*",
			"sms-voice:SendTextMessage on " + originationIdentity + " " +
				arn + "sms-voice:${AWS::Region}:${AWS::AccountId}:protect-configuration/protect-0123456789abcdef",
			"ssm:GetParameter on " + arn + "ssm:${AWS::Region}:${AWS::AccountId}:parameter/passkeys/Stack/Passkeys/sms",
		},
		"TriggersVerifyAuthChallenge": {"dynamodb:GetItem dynamodb:UpdateItem on ${PasskeysTable.Arn} if USER#* MAIL#*"},
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

// Text messages obey the policy of mails, and a session lasts until one is there.
func TestTextMessagesAreAFallback(t *testing.T) {
	s := synthesize(texting(func(p *passkeys.Props) { p.SignInPolicy, p.SMSCode.StepUpOnly = passkeys.PasskeyRequired, true }))
	for _, client := range s.all.ofType("Custom::PasskeysAppClient") {
		if client["Policy"] != "passkey-required" || flat(client["Methods"]) != "passkey sms" {
			t.Errorf("the client's item is of %v", client)
		}
	}
	for _, client := range s.all.ofType("AWS::Cognito::UserPoolClient") {
		if client["AuthSessionValidity"] != 15.0 {
			t.Errorf("a session lasts %v minutes, want 15", client["AuthSessionValidity"])
		}
	}
	create, verify := environment(t, s.all, "PasskeysTriggersCreateAuthChallenge"), environment(t, s.all, "PasskeysTriggersVerifyAuthChallenge")
	for name, want := range map[string]any{
		"PASSKEYS_SMS_COUNTRY_CODES": "+49,+43", "PASSKEYS_SMS_PER_DAY": "100", "PASSKEYS_SMS_MAX_PRICE": "0.20", "PASSKEYS_SMS_DOMAIN": "example.com",
		"PASSKEYS_SMS_CODE_LIFETIME": "5m0s", "PASSKEYS_FALLBACKS": "sms",
	} {
		if create[name] != want {
			t.Errorf("%s is %v, want %v", name, create[name], want)
		}
	}
	if verify["PASSKEYS_SMS_STEP_UP_ONLY"] != "true" || verify["PASSKEYS_SMS_PARAMETER"] != "" {
		t.Errorf("Verify is told %v", verify)
	}
}

// One alarm looks at what the account spends, which AWS counts, and keeps its state
// while nothing is sent; the other at the day's limit.
func TestAlarmsOfTextMessages(t *testing.T) {
	all := synthesize(texting(func(p *passkeys.Props) { p.Thresholds.TextSpend, p.SMSCode.MaxPerDay = 7, 30 })).all
	spend := all.named(t, "AWS::CloudWatch::Alarm", "PasskeysMonitoringTextSpend")
	want := map[string]any{
		"Namespace": "AWS/SMSVoice", "MetricName": "TextMessageMonthlySpend", "Statistic": "Maximum", "Threshold": 7.0, "Period": 3600.0,
		"TreatMissingData": "ignore", "Dimensions": nil,
	}
	for name, value := range want {
		if spend[name] != value {
			t.Errorf("%s of the alarm on the spend is %v, want %v", name, spend[name], value)
		}
	}
	if day := all.named(t, "AWS::CloudWatch::Alarm", "PasskeysMonitoringTextMessages"); day["Threshold"] != 30.0 || day["Period"] != 86400.0 || day["MetricName"] != "Messages" {
		t.Errorf("the alarm on the day's text messages is %v", day)
	}
}

func TestValidateTextMessages(t *testing.T) {
	sms := func(change func(*passkeys.SMSCode)) func(*passkeys.Props) {
		return func(p *passkeys.Props) { change(p.SMSCode) }
	}
	for name, c := range map[string]struct {
		change func(*passkeys.Props)
		want   string // empty: it is valid
	}{
		"accepts a phone number": {sms(func(s *passkeys.SMSCode) {
			s.OriginationIdentity = "arn:aws:sms-voice:us-east-1:111122223333:phone-number/phone-0123456789abcdef"
		}), ""},
		"accepts a sender id": {sms(func(s *passkeys.SMSCode) {
			s.OriginationIdentity = "arn:aws-us-gov:sms-voice:us-gov-west-1:111122223333:sender-id/Example/DE"
		}), ""},
		"accepts an area code":            {sms(func(s *passkeys.SMSCode) { s.CountryCodes = []string{"+1212"} }), ""},
		"rejects no identity":             {sms(func(s *passkeys.SMSCode) { s.OriginationIdentity = "" }), "SMSCode.OriginationIdentity"},
		"rejects a phone number alone":    {sms(func(s *passkeys.SMSCode) { s.OriginationIdentity = "+4915112345678" }), "SMSCode.OriginationIdentity"},
		"rejects every identity":          {sms(func(s *passkeys.SMSCode) { s.OriginationIdentity = "arn:aws:sms-voice:us-east-1:111122223333:pool/*" }), "SMSCode.OriginationIdentity"},
		"rejects no countries":            {sms(func(s *passkeys.SMSCode) { s.CountryCodes = nil }), "SMSCode.CountryCodes"},
		"rejects every country":           {sms(func(s *passkeys.SMSCode) { s.CountryCodes = []string{"+"} }), "SMSCode.CountryCodes"},
		"rejects a country's name":        {sms(func(s *passkeys.SMSCode) { s.CountryCodes = []string{"+49", "DE"} }), "SMSCode.CountryCodes"},
		"rejects two of them in one":      {sms(func(s *passkeys.SMSCode) { s.CountryCodes = []string{"+49,+43"} }), "SMSCode.CountryCodes"},
		"rejects fewer than no messages":  {sms(func(s *passkeys.SMSCode) { s.MaxPerDay = -1 }), "SMSCode.MaxPerDay"},
		"rejects a price in words":        {sms(func(s *passkeys.SMSCode) { s.MaxPrice = "cheap" }), "SMSCode.MaxPrice"},
		"rejects a price of nothing":      {sms(func(s *passkeys.SMSCode) { s.MaxPrice = "0.00" }), "SMSCode.MaxPrice"},
		"rejects rules by their name":     {sms(func(s *passkeys.SMSCode) { s.ProtectConfiguration = "mine" }), "SMSCode.ProtectConfiguration"},
		"rejects a code of an hour":       {sms(func(s *passkeys.SMSCode) { s.Lifetime = time.Hour }), "SMSCode.Lifetime"},
		"rejects to rotate backwards":     {sms(func(s *passkeys.SMSCode) { s.Rotation = -1 }), "SMSCode.Rotation"},
		"rejects templates that aren't":   {sms(func(s *passkeys.SMSCode) { s.Templates = "nowhere" }), "SMSCode.Templates"},
		"rejects a language that isn't":   {sms(func(s *passkeys.SMSCode) { s.Language = "la" }), "SMSCode.Templates"},
		"rejects mail that nothing sends": {func(p *passkeys.Props) { p.Mail = &passkeys.Mail{From: "a@example.com"} }, "Mail is set"},
		"rejects a policy of what is off": {func(p *passkeys.Props) { p.SMSCode, p.SignInPolicy = nil, passkeys.PasskeyRequired }, "SignInPolicy is set"},
		"rejects a vendor of opaque words": {func(p *passkeys.Props) {
			p.PassageFlex = &passkeys.PassageFlex{AppID: "a", BaseURL: "https://example.com"}
		}, "PassageFlex is set"},
		"rejects it without triggers": {func(p *passkeys.Props) { p.Native = &passkeys.Native{Mode: passkeys.NativeOnly} }, "SMSCode is set"},
	} {
		t.Run(name, func(t *testing.T) {
			err := texting(c.change).Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// An owner's words lie beside the binary of the function that sends them.
func TestOwnTextMessages(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"code.nl.txt": "{{.Code}}", "refused.nl.txt": "Nee."} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := synthesize(texting(func(p *passkeys.Props) { p.SMSCode.Templates, p.SMSCode.Language = folder, "nl" })).all
	if own := environment(t, all, "PasskeysTriggersCreateAuthChallenge")["PASSKEYS_SMS_TEMPLATES"]; own != "texts" {
		t.Errorf("the function looks for its templates in %q", own)
	}
}
