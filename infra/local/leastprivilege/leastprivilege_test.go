// Package leastprivilege_test proves the functions' roles: with them everything
// works, and without any one statement, action, resource or partition of the
// table in them something doesn't. Tracing is off here, and its statement not
// among them: X-Ray takes segments from a daemon that Lambda runs, not from the
// function, so that nothing here would miss it.
//
// On the same way it proves what the stack tells of itself: metrics and audit events.
package leastprivilege_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

const (
	stackName    = "CognitoPasskeys"
	templateFile = stackName + ".template.json"
)

// synthesized is a folder that holds the cloud assembly of the app with further settings.
func synthesized(t *testing.T, settings string) string {
	t.Helper()
	directory := t.TempDir()
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	synth := exec.Command("make", "--no-print-directory", "synth", "ARGS=--output "+directory+
		" -c backendClient=true -c auditBus=default -c removalPolicy=destroy -c relyingPartyId=localhost -c origins="+webOrigin+" -c architecture="+architecture+settings)
	synth.Dir = filepath.Join("..", "..", "..")
	if output, err := synth.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return directory
}

// document is a template as JSON has it.
type document map[string]any

func readTemplate(t *testing.T, assembly string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(assembly, templateFile))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d document) resources() map[string]any { return d["Resources"].(map[string]any) }

// clone is a copy of d that shares nothing with it.
func (d document) clone() document {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // it came from JSON
	}
	var copied document
	if err := json.Unmarshal(text, &copied); err != nil {
		panic(err)
	}
	return copied
}

// rotated is d as an operator deploys it who rotates the keys.
func (d document) rotated() document {
	changed := d.clone()
	for _, r := range changed.resources() {
		if r := r.(map[string]any); r["Type"] == provisioning.SecretType {
			r["Properties"].(map[string]any)[provisioning.Rotation] = 1
		}
	}
	return changed
}

// tornDown is what is left of d while CloudFormation deletes its custom
// resources: the function that does it, and the table.
func (d document) tornDown() document {
	left := d.clone()
	delete(left, "Outputs")
	maps.DeleteFunc(left.resources(), func(id string, _ any) bool {
		return !strings.HasPrefix(id, "PasskeysKeysProvision") && !strings.HasPrefix(id, "PasskeysTable")
	})
	return left
}

// place writes the assembly with another template.
func place(t *testing.T, assembly string, d document) *template.Assembly {
	t.Helper()
	directory := t.TempDir()
	entries, err := os.ReadDir(assembly)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == templateFile {
			continue
		}
		if err := os.Symlink(filepath.Join(assembly, entry.Name()), filepath.Join(directory, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, templateFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := template.Load(directory)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// refusal is a line of the log about a call that a role doesn't allow.
var refusal = regexp.MustCompile(`(?m)^.*assumed-role/(\S+)/\S+ is not authorized to perform: (\S+) on resource.*$`)

// journey is what users do with a stack.
type journey func(context.Context, *visitor) error

// live deploys a template, uses the stack, rotates its keys and tears it down. It
// returns the first problem, which may be a refused call that a function bears.
func live(t *testing.T, assembly string, whole document, use journey) (logged string, problem error) {
	t.Helper()
	l, data := &passkeytest.Log{}, t.TempDir()
	phases := []struct {
		name     string
		document document
		use      journey
	}{
		{"used", whole, use},
		{"with rotated keys", whole.rotated(), func(ctx context.Context, v *visitor) error { return v.signInUnknown(ctx) }},
		{"torn down", whole.tornDown(), func(context.Context, *visitor) error { return nil }},
	}
	for _, phase := range phases {
		received := &mailbox{}
		s, err := stack.Start(t.Context(), stack.Options{
			Assembly: place(t, assembly, phase.document), DataDirectory: data, Mail: func(userpool.Message) {}, Sent: received.put, Texted: received.putText, Log: l,
		})
		if err == nil {
			err = errors.Join(phase.use(t.Context(), newVisitor(s, received)), s.Close())
		}
		if refused := refusal.FindString(l.String()); err == nil && refused != "" {
			err = errors.New(refused)
		}
		if err != nil {
			return l.String(), fmt.Errorf("%s: %w", phase.name, err)
		}
	}
	return l.String(), nil
}

// reduction is a template in which one permission is missing.
type reduction struct {
	name     string
	document document
	role     string   // logical id
	actions  []string // that are missing, on some resource
}

// policies are the policy documents of a role.
func (d document) policies(role string) []map[string]any {
	var documents []map[string]any
	for _, policy := range d.resources()[role].(map[string]any)["Properties"].(map[string]any)["Policies"].([]any) {
		documents = append(documents, policy.(map[string]any)["PolicyDocument"].(map[string]any))
	}
	return documents
}

// statements are those of all roles, each after its role's logical id.
func (d document) statements() map[string]bool {
	all := map[string]bool{}
	d.eachStatement(func(role string, _, _ int, statement string) { all[role+statement] = true })
	return all
}

// otherStatements are those that are proved, and those that hold none of texts.
func (d document) otherStatements(proved map[string]bool, texts ...string) map[string]bool {
	all := maps.Clone(proved)
	for statement := range d.statements() {
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(statement, text) }) {
			all[statement] = true
		}
	}
	return all
}

func (d document) eachStatement(do func(role string, i, j int, statement string)) {
	for _, role := range slices.Sorted(maps.Keys(d.resources())) {
		if d.resources()[role].(map[string]any)["Type"] != "AWS::IAM::Role" {
			continue
		}
		for i, policy := range d.policies(role) {
			for j, statement := range policy["Statement"].([]any) {
				do(role, i, j, fmt.Sprint(statement))
			}
		}
	}
}

// reductions lists every permission of every role, but for statements that are
// proved already: each as a template without it.
func reductions(d document, proved map[string]bool) []reduction {
	var all []reduction
	d.eachStatement(func(role string, i, j int, statement string) {
		if !proved[role+statement] {
			all = append(all, d.withoutStatement(role, i, j))
			all = append(all, d.withoutParts(role, i, j)...)
		}
	})
	return all
}

func (d document) withoutStatement(role string, i, j int) reduction {
	changed := d.clone()
	policy := changed.policies(role)[i]
	list := policy["Statement"].([]any)
	actions := several(list[j].(map[string]any)["Action"])
	policy["Statement"] = slices.Delete(list, j, j+1)
	return reduction{fmt.Sprintf("%s without statement %d", role, j+1), changed, role, texts(actions)}
}

// withoutParts takes away, one at a time, the actions, the resources and the
// leading keys of a statement that has several of them.
func (d document) withoutParts(role string, i, j int) []reduction {
	var all []reduction
	part := func(d document, element string) (holder map[string]any) {
		holder = d.policies(role)[i]["Statement"].([]any)[j].(map[string]any)
		if element == iam.LeadingKeys {
			conditions, _ := holder["Condition"].(map[string]any)
			holder, _ = conditions["ForAllValues:StringLike"].(map[string]any)
		}
		return holder
	}
	for _, element := range []string{"Action", "Resource", iam.LeadingKeys} {
		values := several(part(d, element)[element])
		if len(values) < 2 {
			continue
		}
		for k, value := range values {
			changed := d.clone()
			part(changed, element)[element] = slices.Delete(slices.Clone(values), k, k+1)
			actions := several(part(d, "Action")["Action"])
			if element == "Action" {
				actions = []any{value}
			}
			all = append(all, reduction{fmt.Sprintf("%s without %s %d of statement %d", role, element, k+1, j+1), changed, role, texts(actions)})
		}
	}
	return all
}

// several is what a policy has as one value or as a list.
func several(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func texts(values []any) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = value.(string)
	}
	return list
}

func TestEveryPermissionIsNeededAndNoneIsMissing(t *testing.T) {
	alone := synthesized(t, "")
	whole := readTemplate(t, alone)
	t.Run("alone", func(t *testing.T) {
		prove(t, alone, whole, func(ctx context.Context, v *visitor) error { return v.journey(ctx) }, nil)
	})
	services := startServices(t)
	beside := synthesized(t, services.settings())
	const byMail = " -c emailCode=true -c mailConfigurationSet=sign-in -c mailFrom=" + sender
	mailing := synthesized(t, byMail)
	recovering, phasedOut := synthesized(t, byMail+" -c recovery=true"), synthesized(t, byMail+" -c passwords=phase-out")
	knownOnly := synthesized(t, byMail+" -c signUp=known")
	mails := readTemplate(t, mailing)
	t.Run("with mail", func(t *testing.T) { prove(t, mailing, mails, mailJourney, whole.statements()) })
	proved := whole.statements()
	maps.Copy(proved, mails.statements())
	texting := synthesized(t, bySMS)
	t.Run("with text messages", func(t *testing.T) { prove(t, texting, readTemplate(t, texting), textJourney, proved) })
	signingUp := synthesized(t, byMail+" -c signUp=passkey-first")
	t.Run("with sign-up", func(t *testing.T) { prove(t, signingUp, readTemplate(t, signingUp), signUpJourney, proved) })
	t.Run("with recovery", func(t *testing.T) { prove(t, recovering, readTemplate(t, recovering), recoveryJourney, proved) })
	known := readTemplate(t, knownOnly)
	t.Run("with a roster", func(t *testing.T) {
		prove(t, knownOnly, known, rosterJourney, known.otherStatements(proved, "ROSTER#", "ARRIVAL#", "/roster"))
	})
	t.Run("passwords phased out", func(t *testing.T) { prove(t, phasedOut, readTemplate(t, phasedOut), passwordsJourney, proved) })
	t.Run("beside vendors", func(t *testing.T) { prove(t, beside, readTemplate(t, beside), services.journey, whole.statements()) })
}

// prove shows that users can do all that they do, and nothing without any of the
// permissions that are not proved already.
func prove(t *testing.T, assembly string, whole document, use journey, proved map[string]bool) {
	t.Helper()
	if logged, err := live(t, assembly, whole, use); err != nil {
		t.Fatalf("with the roles as they are: %v\n%s", err, logged)
	}
	all := reductions(whole, proved)
	if len(all) == 0 {
		t.Fatal("the template has no roles")
	}
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			logged, err := live(t, assembly, r.document, use)
			if err == nil {
				t.Fatal("nothing fails, so the permission is superfluous")
			}
			if !r.explains(refusal.FindAllStringSubmatch(logged, -1)) {
				t.Errorf("%v; the log doesn't name the missing permission:\n%s", err, logged)
			}
		})
	}
}

// explains says whether one of the refusals is for what is missing. A role's name
// is as much of its logical id as fits, and a random end.
func (r reduction) explains(refusals [][]string) bool {
	return slices.ContainsFunc(refusals, func(refused []string) bool {
		role, action := refused[1], refused[2]
		start := role[:strings.LastIndex(role, "-")]
		return strings.HasPrefix(stackName+"-"+r.role, start) && slices.Contains(r.actions, action)
	})
}
