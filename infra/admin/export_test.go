package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// importFile imports an archive into a table.
func (w *world) importFile(table, text string, flags ...string) result {
	w.Helper()
	file := filepath.Join(w.TempDir(), "passkeys.jsonl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	return w.run(append([]string{"import", "-file", file, "-table", table, "-user-pool-id", poolID,
		"-relying-party", journey.RelyingPartyID}, flags...)...)
}

// sorted are the lines of an archive, in an order of their own.
func sorted(text string) []string { return slices.Sorted(strings.Lines(text)) }

func TestArchiveComesBack(t *testing.T) {
	w := newWorld(t)
	subs := map[string]string{} // user name → sub
	var kept *passkeytest.Passkey
	for _, name := range []string{"bob", "carol"} {
		subs[name] = w.addUser(name)
		for _, algorithm := range []int64{passkeytest.ES256, passkeytest.EdDSA} {
			kept = newPasskey(t, "u|"+name, algorithm)
			w.putSample(sampleItem(t, kept))
		}
	}
	w.importSample("-write").want(t, 0, "")

	all := w.run("export", "-table", stackTable)
	all.want(t, 0, "4 passkeys")
	w.wantActions("export", "dynamodb:Scan", "dynamodb:GetItem")
	one := w.run("export", "-table", stackTable, "-user", subs["bob"])
	one.want(t, 0, "2 passkeys")
	w.wantActions("export", "dynamodb:Query", "dynamodb:GetItem")
	if strings.Count(one.out, `"sub":"`+subs["bob"]+`"`) != 2 {
		t.Errorf("the passkeys of bob are\n%s", one.out)
	}

	r := w.importFile(otherTable, all.out)
	r.want(t, 0, "")
	r.wantSummary(t, 4, 4, 0, false)
	if got := w.items(otherTable); got != 0 {
		t.Fatalf("a rehearsal wrote %d items", got)
	}
	r = w.importFile(otherTable, all.out, "-write")
	r.want(t, 0, "")
	r.wantSummary(t, 4, 4, 0, true)
	restored := w.run("export", "-table", otherTable)
	if diff := cmp.Diff(sorted(all.out), sorted(restored.out)); diff != "" {
		t.Errorf("restored (-exported +restored):\n%s", diff)
	}
	if !w.signsIn(otherTable, journey.User{Name: "carol", Sub: subs["carol"]}, kept) {
		t.Error("a restored passkey doesn't sign in")
	}
}

func TestImportSkipsLines(t *testing.T) {
	w := newWorld(t)
	w.addUser("bob")
	other := w.addUser("carol")
	w.putSample(sampleItem(t, newPasskey(t, "bob", passkeytest.ES256)))
	w.importSample("-write").want(t, 0, "")
	good := w.run("export", "-table", stackTable).out
	change := func(old, changed string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("there is no %q in %s", old, good)
		}
		return strings.Replace(good, old, changed, 1)
	}
	sub := lines[map[string]any](t, good)[0]["sub"].(string)
	cases := []struct{ name, text, reason string }{
		{"what is no JSON", "passkey\n", "unreadable"},
		{"an empty line", "\n", "unreadable"},
		{"a member that there is not", change(`{"sub"`, `{"admin":true,"sub"`), "unreadable"},
		{"a member twice", change(`{"sub"`, `{"name":"x","sub"`), "unreadable"},
		{"a key that is no base64url", change(`"publicKey":"`, `"publicKey":"+`), "unreadable"},
		{"an AAGUID that is none", change("00000000-0000-0000-0000-000000000000", "0"), "unreadable"},
		{"another user's sub", change(sub, other), "no_such_user"},
		{"no user", `{"id":"` + encode(make([]byte, 32)) + `"}`, "no_such_user"},
		{"a changed key", change(`"publicKey":"p`, `"publicKey":"A`), "bad_key"},
	}
	archive := ""
	for _, c := range cases {
		archive += strings.TrimSuffix(c.text, "\n") + "\n"
	}
	r := w.importFile(otherTable, archive, "-write")
	r.want(t, 3, "something was skipped")
	all := lines[report](t, r.out)
	r.wantSummary(t, len(cases), 0, 0, true)
	for i, c := range cases {
		if got := all[i].Skipped; got == nil || got.Item != "line "+strconv.Itoa(i+1) || got.Reason != c.reason {
			t.Errorf("%s is skipped as %+v, want the reason %s", c.name, got, c.reason)
		}
	}
	if got := w.items(otherTable); got != 0 {
		t.Errorf("%d items were written", got)
	}
}

func TestExportOfAMissingTable(t *testing.T) {
	newWorld(t).run("export", "-table", "none").want(t, 1, "reading table none")
}
