package main_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// attributes is an item: attribute → value.
type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func blob(b []byte) types.AttributeValue   { return &types.AttributeValueMemberB{Value: b} }
func object(m attributes) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: m}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// newPasskey makes a passkey that an authenticator holds under a user handle.
func newPasskey(t *testing.T, handle string, algorithm int64) *passkeytest.Passkey {
	t.Helper()
	p := &passkeytest.Passkey{ID: make([]byte, 32), RPID: journey.RelyingPartyID, UserHandle: []byte(handle), Algorithm: algorithm}
	_, _ = rand.Read(p.ID) // never fails
	var err error
	switch algorithm {
	case passkeytest.ES256:
		p.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case passkeytest.RS256:
		p.Key, err = rsa.GenerateKey(rand.Reader, 2048)
	case passkeytest.EdDSA:
		_, p.Key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// jwk is the public key of a passkey as the sample keeps it.
func jwk(t *testing.T, p *passkeytest.Passkey) attributes {
	t.Helper()
	switch public := p.Key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return attributes{"kty": text("EC"), "alg": text("ES256"), "crv": text("P-256"), "x": text(encode(point[1:33])), "y": text(encode(point[33:]))}
	case *rsa.PublicKey:
		return attributes{"kty": text("RSA"), "alg": text("RS256"), "n": blob(public.N.Bytes()), "e": blob(big.NewInt(int64(public.E)).Bytes())}
	default:
		return attributes{"kty": text("OKP"), "alg": text("EdDSA"), "crv": text("Ed25519"), "x": text(encode(public.(ed25519.PublicKey)))}
	}
}

// sampleItem is the item of a passkey as the sample keeps it.
func sampleItem(t *testing.T, p *passkeytest.Passkey) attributes {
	return attributes{
		"pk":                    text("USER#" + string(p.UserHandle)),
		"sk":                    text("CREDENTIAL#" + encode(p.ID)),
		"userId":                text(string(p.UserHandle)),
		"credentialId":          blob(p.ID),
		"jwk":                   object(jwk(t, p)),
		"signCount":             number("7"),
		"friendlyName":          text("Phone"),
		"flagUserVerified":      number("1"),
		"flagBackupEligibility": number("1"),
		"flagBackupState":       number("1"),
		"aaguid":                blob(make([]byte, 16)),
		"transports":            &types.AttributeValueMemberL{Value: []types.AttributeValue{text("internal"), text("hybrid")}},
		"rpId":                  text(p.RPID),
		"createdAt":             text("2024-05-01T12:00:00.123Z"),
		"lastSignIn":            text("2026-11-01T08:30:00.000Z"),
	}
}

// putSample puts an item into the sample's table.
func (w *world) putSample(item attributes) {
	w.Helper()
	name := sampleTable
	if _, err := w.tables.PutItem(w.Context(), &dynamodb.PutItemInput{TableName: &name, Item: item}); err != nil {
		w.Fatal(err)
	}
}

// items counts the items of a table.
func (w *world) items(table string) int {
	w.Helper()
	found, err := w.tables.Scan(w.Context(), &dynamodb.ScanInput{TableName: &table})
	if err != nil {
		w.Fatal(err)
	}
	return len(found.Items)
}

// report is a line of an import's report.
type report struct {
	Skipped *struct{ Item, Reason, Detail string }
	Summary *struct {
		Read, Imported, AlreadyThere int
		Skipped                      map[string]int
	}
	Written bool
}

// wantSummary checks the last line of a report: read, imported, already there, written.
func (r result) wantSummary(t *testing.T, read, imported, already int, written bool) {
	t.Helper()
	all := lines[report](t, r.out)
	if len(all) == 0 || all[len(all)-1].Summary == nil {
		t.Fatalf("there is no summary in %q\n%s", r.out, r.err)
	}
	last := all[len(all)-1]
	got := []any{last.Summary.Read, last.Summary.Imported, last.Summary.AlreadyThere, last.Written}
	if diff := cmp.Diff([]any{read, imported, already, written}, got); diff != "" {
		t.Errorf("read, imported, already there, written (-want +got):\n%s", diff)
	}
}

// importSample imports the sample's table.
func (w *world) importSample(flags ...string) result {
	w.Helper()
	return w.run(append([]string{"import-sample", "-from", sampleTable, "-to", stackTable, "-user-pool-id", poolID,
		"-relying-party", journey.RelyingPartyID}, flags...)...)
}

// signsIn reports whether a passkey signs a user in by the real handlers over a table.
func (w *world) signsIn(table string, user journey.User, p *passkeytest.Passkey) bool {
	w.Helper()
	s := journey.New(w.T)
	s.Store = dynamo.New(w.tables, table)
	a := passkeytest.NewSynced(journey.Origin)
	a.Passkeys = []*passkeytest.Passkey{p}
	user.Attributes = map[string]string{"sub": user.Sub}
	session := s.Begin(w.T, user)
	named := s.Answer(w.T, session, journey.Assert(w.T, a, session.Options()), nil)
	assertion := journey.Assert(w.T, a, s.SignInOptions(w.T))
	told := s.Call(w.T, routes.SignInUser, "", nil, map[string]any{"credential": json.RawMessage(assertion)})
	var who struct{ Username string }
	if err := json.Unmarshal([]byte(told.Body), &who); err != nil {
		w.Fatal(err)
	}
	nameless := s.Answer(w.T, s.Begin(w.T, user), assertion, nil)
	return named && session.Tokens && who.Username == user.Name && nameless
}

func TestImportedPasskeysSignIn(t *testing.T) {
	w := newWorld(t)
	users := map[string]journey.User{} // name → user
	names := []string{"5f0c8d2e-0000-4000-8000-00000000000a", "bob", `c"\arol`}
	for i, name := range names {
		users[name] = journey.User{Name: name, Sub: w.addUser(name, "email", fmt.Sprintf("user%d@example.com", i), "email_verified", "true")}
	}
	type holding struct {
		user    journey.User
		passkey *passkeytest.Passkey
	}
	var held []holding
	for _, name := range names {
		u := users[name]
		for handle, algorithm := range map[string]int64{
			"u|" + name: passkeytest.ES256, "s|" + u.Sub: passkeytest.RS256, name: passkeytest.EdDSA,
		} {
			held = append(held, holding{u, newPasskey(t, handle, algorithm)})
		}
	}
	for _, h := range held {
		w.putSample(sampleItem(t, h.passkey))
	}
	w.putSample(attributes{"pk": text("CHALLENGE#abc"), "sk": text("USERNAMELESS_SIGN_IN"), "exp": number("1")})
	w.putSample(attributes{"pk": text("USER#u|bob"), "sk": text("CHALLENGE#abc"), "exp": number("1")})

	r := w.importSample()
	r.want(t, 0, "")
	r.wantSummary(t, 9, 9, 0, false)
	w.wantActions("import-sample", "dynamodb:Scan", "dynamodb:GetItem", "cognito-idp:AdminGetUser", "cognito-idp:ListUsers")
	if got := w.items(stackTable); got != 0 {
		t.Fatalf("a rehearsal wrote %d items", got)
	}

	r = w.importSample("-write")
	r.want(t, 0, "")
	r.wantSummary(t, 9, 9, 0, true)
	w.wantActions("import-sample", "dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
		"cognito-idp:AdminGetUser", "cognito-idp:ListUsers")
	for _, h := range held {
		if !w.signsIn(stackTable, h.user, h.passkey) {
			t.Errorf("%s can't sign in with the passkey of %s", h.user.Name, h.passkey.UserHandle)
		}
	}

	r = w.importSample("-write")
	r.want(t, 0, "")
	r.wantSummary(t, 9, 0, 9, true)
}

func TestImportKeepsWhatTheSampleKnew(t *testing.T) {
	w := newWorld(t)
	sub := w.addUser("bob")
	p := newPasskey(t, "u|bob", passkeytest.ES256)
	w.putSample(sampleItem(t, p))
	w.importSample("-write").want(t, 0, "")
	exported := w.run("export", "-table", stackTable)
	exported.want(t, 0, "1 passkeys")
	cose, err := passkeytest.PublicKey(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"sub": sub, "userName": "bob", "id": encode(p.ID), "publicKey": encode(cose), "signCount": 7.0,
		"backupEligible": true, "backupState": true, "aaguid": "00000000-0000-0000-0000-000000000000",
		"transports": []any{"internal", "hybrid"}, "relyingPartyId": "example.com", "userHandle": encode([]byte("u|bob")),
		"name": "Phone", "created": "2024-05-01T12:00:00.123Z", "used": "2026-11-01T08:30:00Z",
	}
	if diff := cmp.Diff([]map[string]any{want}, lines[map[string]any](t, exported.out)); diff != "" {
		t.Errorf("exported (-want +got):\n%s", diff)
	}
}

func TestImportSkips(t *testing.T) {
	with := func(name string, value types.AttributeValue) func(attributes) {
		return func(item attributes) { item[name] = value }
	}
	inKey := func(name string, value types.AttributeValue) func(attributes) {
		return func(item attributes) { item["jwk"].(*types.AttributeValueMemberM).Value[name] = value }
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		handle string
		change func(attributes)
		reason string
	}{
		{"another relying party's", "u|bob", with("rpId", text("example.org")), "wrong_relying_party"},
		{"one without relying party", "u|bob", func(item attributes) { delete(item, "rpId") }, "wrong_relying_party"},
		{"a backup of what can't be backed up", "u|bob", with("flagBackupEligibility", number("0")), "backup_flags"},
		{"a point off the curve", "u|bob", inKey("y", text(encode(make([]byte, 32)))), "unreadable"},
		{"a point on another curve", "u|bob", inKey("crv", text("P-384")), "unreadable"},
		{"a short coordinate", "u|bob", inKey("x", text("AA")), "unreadable"},
		{"a key of an unknown type", "u|bob", inKey("kty", text("oct")), "unreadable"},
		{"a key of another algorithm", "u|bob", inKey("alg", text("ES384")), "unreadable"},
		{"a weak RSA key", "u|bob", with("jwk", object(attributes{
			"kty": text("RSA"), "n": blob(weak.N.Bytes()), "e": blob([]byte{1, 0, 1})})), "bad_key"},
		{"an RSA key with exponent 3", "u|bob", func(item attributes) {
			large := jwk(t, newPasskey(t, "", passkeytest.RS256))
			large["e"] = blob([]byte{3})
			item["jwk"] = object(large)
		}, "bad_key"},
		{"an Ed25519 key of small order", "u|bob", with("jwk", object(attributes{
			"kty": text("OKP"), "crv": text("Ed25519"), "x": text(encode(append([]byte{1}, make([]byte, 31)...)))})), "unreadable"},
		{"one without key", "u|bob", func(item attributes) { delete(item, "jwk") }, "unreadable"},
		{"an empty credential id", "u|bob", func(item attributes) {
			item["credentialId"], item["sk"] = blob(nil), text("CREDENTIAL#")
		}, "wrong_credential_id"},
		{"a short credential id", "u|bob", func(item attributes) {
			item["credentialId"], item["sk"] = blob([]byte("short")), text("CREDENTIAL#"+encode([]byte("short")))
		}, "wrong_credential_id"},
		{"a key that tells another credential id", "u|bob", with("credentialId", blob(make([]byte, 32))), "unreadable"},
		{"a key that tells another user", "u|bob", with("userId", text("u|alice")), "unreadable"},
		{"a sign count that is none", "u|bob", with("signCount", number("-1")), "unreadable"},
		{"a sign count of more than 32 bits", "u|bob", with("signCount", number("4294967296")), "unreadable"},
		{"a flag that is neither 0 nor 1", "u|bob", with("flagBackupState", number("2")), "unreadable"},
		{"an AAGUID that is none", "u|bob", with("aaguid", blob([]byte{1})), "unreadable"},
		{"a time that is none", "u|bob", with("createdAt", text("yesterday")), "unreadable"},
		{"a user handle that is too long", "u|" + strings.Repeat("b", 63), func(attributes) {}, "wrong_user_handle"},
		{"somebody whom the pool doesn't know", "u|mallory", func(attributes) {}, "no_such_user"},
		{"a sub that the pool doesn't know", "s|5f0c8d2e-0000-4000-8000-00000000000f", func(attributes) {}, "no_such_user"},
		{"a user named by an alias", "u|bob@example.com", func(attributes) {}, "no_such_user"},
		{"a user without verified address", "u|unverified", func(attributes) {}, "address_not_verified"},
		{"nobody", "u|", func(attributes) {}, "no_such_user"},
	}
	w := newWorld(t)
	w.addUser("bob")
	w.addUser("unverified", "email", "unverified@example.com", "email_verified", "false")
	names := map[string]string{} // item → name of the case
	for _, c := range cases {
		item := sampleItem(t, newPasskey(t, c.handle, passkeytest.ES256))
		c.change(item)
		w.putSample(item)
		names[item["pk"].(*types.AttributeValueMemberS).Value+" "+item["sk"].(*types.AttributeValueMemberS).Value] = c.name
	}
	r := w.importSample("-write")
	r.want(t, 3, "something was skipped")
	r.wantSummary(t, len(cases), 0, 0, true)
	reasons := map[string]string{} // name of the case → reason
	for _, line := range lines[report](t, r.out) {
		if line.Skipped != nil && line.Skipped.Detail != "" {
			reasons[names[line.Skipped.Item]] = line.Skipped.Reason
		}
	}
	for _, c := range cases {
		if reasons[c.name] != c.reason {
			t.Errorf("%s is skipped for %q, want %q", c.name, reasons[c.name], c.reason)
		}
	}
	if got := w.items(stackTable); got != 0 {
		t.Errorf("it wrote %d items", got)
	}
}

// The cap and the uniqueness of ids hold in a rehearsal as they do when it counts.
func TestImportKeepsTheTablesRules(t *testing.T) {
	for _, flags := range [][]string{nil, {"-write"}} {
		for _, c := range []struct {
			name              string
			handles           []string
			imported, already int
			sameID            bool
			reason            string
		}{
			{"one passkey more than a user may have", []string{"u|bob", "u|bob", "u|bob", "u|bob"}, 3, 0, false, "too_many_passkeys"},
			{"one passkey under two handles of a user", []string{"u|bob", "bob"}, 1, 1, true, ""},
			{"one credential id of two users", []string{"u|bob", "u|carol"}, 1, 0, true, "credential_id_taken"},
		} {
			t.Run(fmt.Sprint(c.name, flags), func(t *testing.T) {
				w := newWorld(t)
				w.addUser("bob")
				w.addUser("carol")
				var first *passkeytest.Passkey
				for _, handle := range c.handles {
					p := newPasskey(t, handle, passkeytest.ES256)
					if first == nil {
						first = p
					} else if c.sameID {
						p.ID = first.ID
					}
					w.putSample(sampleItem(t, p))
				}
				r := w.importSample(append(flags, "-max", "3")...)
				r.wantSummary(t, len(c.handles), c.imported, c.already, flags != nil)
				if c.reason == "" {
					r.want(t, 0, "")
				} else if skipped := lines[report](t, r.out)[0].Skipped; skipped == nil || skipped.Reason != c.reason {
					t.Errorf("skipped %+v, want the reason %s", skipped, c.reason)
				}
			})
		}
	}
}

func TestImportNamesWhatHasNoFitName(t *testing.T) {
	w := newWorld(t)
	w.addUser("bob")
	item := sampleItem(t, newPasskey(t, "u|bob", passkeytest.ES256))
	item["friendlyName"] = text("turn \u202e around")
	delete(item, "createdAt")
	delete(item, "lastSignIn")
	w.putSample(item)
	w.importSample("-write").want(t, 0, "")
	got := lines[map[string]any](t, w.run("export", "-table", stackTable).out)[0]
	if _, used := got["used"]; got["name"] != "Passkey" || used || got["created"] == "0001-01-01T00:00:00Z" {
		t.Errorf("imported %v", got)
	}
}

func TestImportGoesOnAfterAnInterruption(t *testing.T) {
	w := newWorld(t)
	checkpoint := filepath.Join(t.TempDir(), "checkpoint.json")
	for n := range 130 {
		name := fmt.Sprintf("user%03d", n)
		w.addUser(name)
		w.putSample(sampleItem(t, newPasskey(t, name, passkeytest.EdDSA)))
	}
	wrote := false
	w.refuse(func(call iam.Call) bool { // the second page
		wrote = wrote || call.Action == "dynamodb:PutItem"
		return wrote && call.Action == "dynamodb:Scan"
	})
	r := w.importSample("-write", "-checkpoint", checkpoint)
	r.want(t, 1, "not authorized to perform: dynamodb:Scan")
	r.wantSummary(t, 100, 100, 0, true)
	w.refuse(nil)

	elsewhere := w.run("import-sample", "-from", otherTable, "-to", stackTable, "-user-pool-id", poolID, "-relying-party", "example.com",
		"-write", "-checkpoint", checkpoint)
	elsewhere.want(t, 1, "is the checkpoint of table "+sampleTable)

	r = w.importSample("-write", "-checkpoint", checkpoint)
	r.want(t, 0, "")
	r.wantSummary(t, 30, 30, 0, true)
	if _, err := os.Stat(checkpoint); !os.IsNotExist(err) {
		t.Errorf("the checkpoint is still there: %v", err)
	}
	if err := os.WriteFile(checkpoint, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.importSample("-write", "-checkpoint", checkpoint).want(t, 1, "is no checkpoint")
}

func TestFaultsEndAnImport(t *testing.T) {
	for action, message := range map[string]string{
		"dynamodb:GetItem": "importing USER#bob", "dynamodb:PutItem": "importing USER#bob", "dynamodb:Scan": "reading table " + sampleTable,
	} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t)
			w.addUser("bob")
			w.putSample(sampleItem(t, newPasskey(t, "bob", passkeytest.ES256)))
			w.refuse(func(call iam.Call) bool { return call.Action == action })
			r := w.importSample("-write")
			r.want(t, 1, message)
			if !strings.Contains(r.err, "not authorized to perform: "+action) {
				t.Errorf("it doesn't say why:\n%s", r.err)
			}
			if all := lines[report](t, r.out); len(all) != 1 || all[0].Summary.Imported != 0 {
				t.Errorf("it reported %s", r.out)
			}
		})
	}
}
