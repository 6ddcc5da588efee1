package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// row is a row of a Markdown table, without its header.
type row []string

func (r row) String() string { return "| " + strings.Join(r, " | ") + " |" }

// readmeTable returns the rows of the first table below a heading of the README.
func readmeTable(t *testing.T, heading string) []row {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(heading) + `$`).FindIndex(readme)
	if section == nil {
		t.Errorf("README.md has no heading %q", heading)
		return nil
	}
	var rows []row
	for line := range strings.Lines(string(readme[section[1]:])) {
		line = strings.TrimSpace(line)
		isRow := strings.HasPrefix(line, "|")
		if !isRow && (rows != nil || strings.HasPrefix(line, "#")) {
			break
		}
		if isRow {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows[min(len(rows), 2):] // after the header and the line below it
}

// wantTable compares a table of the README with what it says of the code.
func wantTable(t *testing.T, heading string, want []row) {
	t.Helper()
	if diff := cmp.Diff(want, readmeTable(t, heading)); diff != "" {
		var table strings.Builder
		for _, r := range want {
			table.WriteString(r.String() + "\n")
		}
		t.Errorf("README.md, %s (-code +README):\n%s\nthe rows are\n%s", heading, diff, &table)
	}
}

func code(text string) string { return "`" + text + "`" }

func TestReadmeListsTheSettings(t *testing.T) {
	var want []row
	for _, s := range settings {
		unset := code(s.unset)
		if strings.HasPrefix(s.unset, "(") {
			unset = strings.Trim(s.unset, "()")
		}
		want = append(want, row{code(s.key), unset, s.meaning})
	}
	wantTable(t, "Settings", want)
}

// synthesized is the part of the template that the README's tables describe.
type synthesized struct {
	Outputs map[string]struct {
		Description string
	}
	Resources map[string]struct {
		Type       string
		Properties json.RawMessage
	}
}

// role is the properties of an AWS::IAM::Role.
type role struct {
	Policies []struct {
		PolicyDocument struct{ Statement []statement }
	}
}

type statement struct {
	Action    any // one or a list, as Resource
	Resource  any
	Condition map[string]map[string]any // operator → key → values
}

const topic = "arn:aws:sns:eu-central-1:111122223333:on-call"

// Settings of a stack that has everything optional but vendors, and of one with vendors and tickets.
var (
	withoutVendors = map[string]any{
		"backendClient": true, "relatedOrigins": "https://example.co.uk", "auditBus": "default", "alarmTopicArn": topic, "tracing": true,
	}
	withCorbado = with(withoutVendors, map[string]any{
		"tickets": true, "corbado": true, "corbadoActions": true, "corbadoHostedAccount": "111122223333", "corbadoHostedExternalId": "example",
	})
	withVendors = with(withCorbado, map[string]any{"passageApp": "app", "passageUrl": "https://passage.example.com/v1"})
)

// byMail are the settings of links and codes by mail.
var byMail = map[string]any{
	"emailCode": true, "emailLinkUrls": "https://example.com/sign-in", "emailLinkAnyBrowser": true, "mailFrom": "sign-in@example.com", "mailConfigurationSet": "sign-in",
	"firewall": true,
}

// besideNative are the settings of Cognito's own passkeys, which exclude an end to passwords.
var besideNative = map[string]any{
	"native": "beside", "managedLoginDomainPrefix": "example-accounts", "managedLoginCallbackUrls": "https://example.com",
}

// withAccounts are the settings of accounts without passwords.
var withAccounts = with(byMail, map[string]any{"signUp": "passkey-first", "recovery": true, "passwords": "phase-out"})

// bySMS are the settings of codes in text messages.
var bySMS = map[string]any{
	"smsCode": true, "smsOriginationIdentity": "arn:aws:sms-voice:eu-central-1:111122223333:pool/pool-0123456789abcdef0123456789abcdef",
	"smsCountryCodes": "+49,+43", "smsProtectConfiguration": "protect-0123456789abcdef0123456789abcdef",
}

// withRoster are the settings of accounts of known people only.
var withRoster = with(withAccounts, map[string]any{"signUp": "known", "passwords": "keep"})

func with(settings, further map[string]any) map[string]any {
	all := maps.Clone(settings)
	maps.Copy(all, further)
	return all
}

func synthesizedStack(t *testing.T, change map[string]any) synthesized {
	t.Helper()
	var s synthesized
	if err := json.Unmarshal([]byte(template(t, newApp(t, change))), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadmeListsTheOutputs(t *testing.T) {
	var want []row
	outputs := synthesizedStack(t, with(withCorbado, withAccounts)).Outputs
	maps.Copy(outputs, synthesizedStack(t, besideNative).Outputs)
	maps.Copy(outputs, synthesizedStack(t, with(withRoster, bySMS)).Outputs)
	for name, output := range outputs {
		want = append(want, row{code(name), output.Description})
	}
	slices.SortFunc(want, func(a, b row) int { return strings.Compare(a[0], b[0]) })
	wantTable(t, "Outputs", want)
}

func TestReadmeListsThePermissions(t *testing.T) {
	always := permissions(t, withoutVendors)
	wantTable(t, "What each function may do", always)
	mailing := permissions(t, with(withoutVendors, byMail))
	wantTable(t, "What vendors and tickets add", added(permissions(t, withVendors), always))
	wantTable(t, "What links and codes by mail add", added(mailing, always))
	wantTable(t, "What text messages add", added(permissions(t, with(with(withoutVendors, byMail), bySMS)), mailing))
	accounts := permissions(t, with(withoutVendors, withAccounts))
	wantTable(t, "What accounts without passwords add", added(accounts, mailing))
	wantTable(t, "What a roster adds", added(permissions(t, with(withoutVendors, withRoster)), accounts))
}

// added are the rows that are not in without.
func added(rows, without []row) []row {
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return slices.ContainsFunc(without, func(w row) bool { return slices.Equal(w, r) })
	})
}

// permissions lists those of every role of a stack.
func permissions(t *testing.T, change map[string]any) []row {
	t.Helper()
	logs := row{"each", "`logs:CreateLogStream`, `logs:PutLogEvents`", "its own log group"}
	var want []row
	for id, resource := range synthesizedStack(t, change).Resources {
		if resource.Type != "AWS::IAM::Role" {
			continue
		}
		function := part.ReplaceAllString(id[:len(id)-len("Role12345678")], "")
		var properties role
		if err := json.Unmarshal(resource.Properties, &properties); err != nil {
			t.Fatal(err)
		}
		for _, policy := range properties.Policies {
			for _, s := range policy.PolicyDocument.Statement {
				r := row{function, codes(s.Action), describe(t, s)}
				if r[2] == function {
					r[0], r[2] = logs[0], logs[2]
				}
				if s.Resource == "*" {
					r[0] = logs[0]
				}
				if !slices.ContainsFunc(want, func(w row) bool { return slices.Equal(w, r) }) {
					want = append(want, r)
				}
			}
		}
	}
	slices.SortFunc(want, slices.Compare[row])
	return want
}

var (
	part     = regexp.MustCompile(`^Passkeys(Triggers|Keys|Monitoring)?`) // in front of a function's name in logical ids
	logGroup = regexp.MustCompile(`^(Passkeys.+)Logs[0-9A-F]{8}$`)        // logical id of a function's log group
)

// describe says in words what a statement is about. For a log group it is the function that writes there.
func describe(t *testing.T, s statement) string {
	t.Helper()
	var words []string
	for _, resource := range listOf(s.Resource) {
		if resource == "*" {
			words = append(words, "everything: AWS can't limit it")
			continue
		}
		if text, isText := resource.(string); isText && strings.Contains(text, ":sms-voice:") {
			words = append(words, "the origination identity")
			continue
		}
		intrinsic := resource.(map[string]any)
		switch get, join := listOf(intrinsic["Fn::GetAtt"]), listOf(intrinsic["Fn::Join"]); {
		case strings.Contains(fmt.Sprint(join), ":event-bus/"):
			words = append(words, "the bus of `auditBus`")
		case strings.Contains(fmt.Sprint(join), ":identity/"):
			words = append(words, "the identity of "+codes(s.Condition["StringEquals"]["ses:FromAddress"])+", as that sender")
		case strings.Contains(fmt.Sprint(join), ":protect-configuration/"):
			words = append(words, "the protect configuration")
		case strings.Contains(fmt.Sprint(join), ":configuration-set/"):
			words = append(words, "the configuration set")
		case len(join) == 2: // the ARN of a parameter, whose path is all that CDK knows of it
			arn := listOf(join[1])
			words = append(words, "the parameter "+code("…/"+path.Base(arn[len(arn)-1].(string))))
		case logGroup.MatchString(get[0].(string)):
			words = append(words, part.ReplaceAllString(logGroup.FindStringSubmatch(get[0].(string))[1], ""))
		case strings.HasPrefix(get[0].(string), "PasskeysUserPool"):
			words = append(words, "the user pool")
		case strings.HasPrefix(get[0].(string), "PasskeysTable"):
			words = append(words, "the table's items "+codes(s.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]))
		default:
			t.Errorf("no words for %v", resource)
		}
	}
	return strings.Join(words, ", ")
}

// codes writes one text or a list of them as code.
func codes(texts any) string {
	var quoted []string
	for _, text := range listOf(texts) {
		quoted = append(quoted, code(text.(string)))
	}
	return strings.Join(quoted, ", ")
}

// listOf returns what a template has as one value or as a list.
func listOf(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}
