package customauth_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

var (
	now  = time.UnixMilli(1_790_000_000_000)
	user = customauth.User{PoolID: "pool", ClientID: "client", Name: "ann", Sub: "sub"}
)

// directory is what Create reads: fields → what it is told.
type directory struct {
	client   customauth.Client
	passkeys []customauth.Passkey
	err      error // of reading passkeys
}

func (d directory) Client(_ context.Context, id string) (customauth.Client, error) {
	if id != user.ClientID {
		return customauth.Client{}, customauth.ErrNotServed
	}
	return d.client, nil
}

func (d directory) Passkeys(_ context.Context, key, relyingPartyID string) ([]customauth.Passkey, error) {
	if key != user.Sub || relyingPartyID != d.client.RelyingPartyID {
		return nil, d.err
	}
	return d.passkeys, d.err
}

// issuer shows the client what it was given.
type issuer struct {
	method  string
	private map[string]string
	issued  *customauth.Issue
	err     error
}

func (i issuer) Method() string       { return i.method }
func (i issuer) Parameters() []string { return []string{i.method + "Parameter"} }

func (i issuer) Issue(_ context.Context, issue customauth.Issue) (customauth.Issued, error) {
	if i.issued != nil {
		*i.issued = issue
	}
	return customauth.Issued{Public: map[string]string{i.method + "Parameter": "of " + i.method}, Private: i.private}, i.err
}

// methodVendor opens sessions beside the passkey.
const methodVendor = "vendor"

// parts are what a Create is made of.
type parts struct {
	define    customauth.Define
	directory directory
	issuers   []customauth.Issuer
}

func (p parts) create(tb testing.TB) customauth.Create {
	tb.Helper()
	create, err := customauth.NewCreate(p.define, p.directory, func() time.Time { return now }, p.issuers...)
	if err != nil {
		tb.Fatal(err)
	}
	return create
}

// creating returns the parts, and where the issuers leave what they were given.
func creating() (parts, *customauth.Issue) {
	issued := new(customauth.Issue)
	return parts{
		define: customauth.Define{Openers: []string{methodVendor}, Fallbacks: []string{customauth.MethodCode}},
		directory: directory{
			client: customauth.Client{
				RelyingPartyID: "example.com", UserVerification: "required", Methods: []string{customauth.MethodPasskey, customauth.MethodLink},
			},
			passkeys: []customauth.Passkey{{CredentialID: []byte("id"), Transports: []string{"internal"}}},
		},
		issuers: []customauth.Issuer{issuer{method: customauth.MethodCode, issued: issued}, issuer{method: customauth.MethodPasskey, issued: issued}},
	}, issued
}

func open(tb testing.TB, p parts, h customauth.History) customauth.Opened {
	tb.Helper()
	opened, err := p.create(tb).Open(tb.Context(), user, h)
	if err != nil {
		tb.Fatal(err)
	}
	return opened
}

func TestCreateOpensTheFirstRound(t *testing.T) {
	create, issued := creating()
	opened := open(t, create, customauth.History{})
	if diff := cmp.Diff(map[string]string{"passkeyParameter": "of passkey"}, opened.Public); diff != "" || opened.Method != customauth.MethodPasskey {
		t.Errorf("opened a %s challenge (-want +got):\n%s", opened.Method, diff)
	}
	sealed := issued.Sealed
	want := customauth.Issue{
		User: user, Passkeys: []customauth.Passkey{{CredentialID: []byte("id"), Transports: []string{"internal"}}},
		Session: customauth.SessionID(sealed.Challenge),
		Sealed: customauth.Sealed{
			Challenge: sealed.Challenge, Issued: now, Expires: now.Add(180 * time.Second),
			RelyingPartyID: "example.com", UserVerification: "required", Accepted: []string{customauth.MethodPasskey, customauth.MethodLink},
		},
	}
	if diff := cmp.Diff(want, *issued); diff != "" {
		t.Errorf("the issuer was given (-want +got):\n%s", diff)
	}
	if len(sealed.Challenge) != 32 || slices.Equal(sealed.Challenge, make([]byte, 32)) {
		t.Errorf("challenge is %x", sealed.Challenge)
	}
	if opened.Metadata != "cp1:passkey:"+customauth.SessionID(sealed.Challenge) {
		t.Errorf("metadata is %q", opened.Metadata)
	}
	if again := open(t, create, customauth.History{}); again.Private["c"] == opened.Private["c"] {
		t.Error("two rounds have one challenge")
	}
}

// A later round has a challenge of its own and the session id of the first.
func TestCreateOpensALaterRound(t *testing.T) {
	create, _ := creating()
	first := open(t, create, customauth.History{})
	second := open(t, create, customauth.History{
		Entries: []customauth.Entry{{Challenge: customauth.CustomChallenge, Metadata: first.Metadata}},
		Ask:     map[string]string{"signInMethod": "EMAIL_CODE"},
	})
	_, session, _ := strings.Cut(first.Metadata, "cp1:passkey:")
	if second.Method != customauth.MethodCode || second.Metadata != "cp1:code:"+session || second.Private["c"] == first.Private["c"] {
		t.Errorf("opened %+v after %+v", second, first)
	}
}

// vendorPrivate is what Create leaves for the vendor's Checker.
var vendorPrivate = map[string]string{"transaction": "4711"}

// withVendor is a stack whose app client accepts a vendor's method too.
func withVendor(private map[string]string, fault error, methods ...string) parts {
	p, _ := creating()
	p.directory.client.Methods = methods
	p.issuers = append(p.issuers, issuer{method: methodVendor, private: private, err: fault})
	return p
}

// twoVendors is a stack whose app client accepts two vendors' methods with such
// private values.
func twoVendors(private map[string]string) parts {
	p := withVendor(private, nil, customauth.MethodPasskey, methodVendor, "second")
	p.define.Openers = append(p.define.Openers, "second")
	p.issuers = append(p.issuers, issuer{method: "second", private: map[string]string{"t": "1"}})
	return p
}

var errOutage = errors.New("outage")

func TestFirstRoundIsOpenToEveryAcceptedMethod(t *testing.T) {
	const passkeys, vendors = "passkeyParameter", "vendorParameter"
	big := map[string]string{"transaction": strings.Repeat("x", customauth.MaxPrivate-len("vendor.transaction")+1)}
	biggest := map[string]string{"transaction": big["transaction"][1:]}
	both := []string{customauth.MethodPasskey, methodVendor}
	for _, c := range []struct {
		name    string
		parts   parts
		public  []string // parameters
		method  string   // in the metadata
		accepts string
		private map[string]string // of the vendor
		faults  int
	}{
		{"a passkey and a vendor", withVendor(vendorPrivate, nil, both...), []string{passkeys, vendors}, "passkey", "passkey,vendor", vendorPrivate, 0},
		{"a vendor alone", withVendor(vendorPrivate, nil, methodVendor), []string{vendors}, "vendor", "vendor", vendorPrivate, 0},
		{"a passkey alone", withVendor(vendorPrivate, nil, customauth.MethodPasskey), []string{passkeys}, "passkey", "passkey", nil, 0},
		{"a fallback alone", withVendor(vendorPrivate, nil, customauth.MethodLink), []string{passkeys}, "passkey", "link", nil, 0},
		{"a passkey beside an outage", withVendor(vendorPrivate, errOutage, both...), []string{passkeys}, "passkey", "passkey", nil, 1},
		{"the largest private values", withVendor(biggest, nil, both...), []string{passkeys, vendors}, "passkey", "passkey,vendor", biggest, 0},
		{"two vendors whose private values are too large together", twoVendors(biggest), []string{passkeys, vendors}, "passkey", "passkey,vendor", biggest, 1},
		{"a passkey beside private values that are too large", withVendor(big, nil, both...), []string{passkeys}, "passkey", "passkey", nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			opened := open(t, c.parts, customauth.History{})
			if got := slices.Sorted(maps.Keys(opened.Public)); !slices.Equal(got, c.public) {
				t.Errorf("public parameters are %q, want %q", got, c.public)
			}
			if opened.Method != c.method || !strings.HasPrefix(opened.Metadata, "cp1:"+c.method+":") || opened.Private["acc"] != c.accepts {
				t.Errorf("opened %q, which accepts %q", opened.Metadata, opened.Private["acc"])
			}
			if got := opened.Private["vendor.transaction"]; got != c.private["transaction"] {
				t.Errorf("the vendor's private value is %q, want %q", got, c.private["transaction"])
			}
			if len(opened.Faults) != c.faults {
				t.Errorf("faults are %v, want %d", opened.Faults, c.faults)
			}
		})
	}
}

// undeclared sets a parameter that another method may have.
type undeclared struct{ issuer }

func (undeclared) Parameters() []string { return nil }

func TestCreateFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*parts, *customauth.User, *customauth.History)
		want   error  // nil: any
		text   string // of the error
	}{
		{"where Define asks for no challenge", func(_ *parts, _ *customauth.User, h *customauth.History) {
			h.Entries = []customauth.Entry{{Challenge: "SRP_A"}}
		}, customauth.ErrNotExpected, ""},
		{"for an app client that is not listed", func(_ *parts, u *customauth.User, _ *customauth.History) {
			u.ClientID = "another"
		}, customauth.ErrNotServed, ""},
		{"when the passkeys can't be read", func(p *parts, _ *customauth.User, _ *customauth.History) {
			p.directory = directory{err: errOutage}
		}, errOutage, "passkeys"},
		{"when the challenge can't be issued", func(p *parts, _ *customauth.User, _ *customauth.History) {
			p.issuers = []customauth.Issuer{issuer{method: customauth.MethodPasskey, err: errOutage}}
		}, errOutage, "passkey"},
		{"when every method has a fault", func(p *parts, _ *customauth.User, _ *customauth.History) {
			*p = withVendor(nil, errOutage, methodVendor, customauth.MethodPasskey)
			p.issuers[1] = issuer{method: customauth.MethodPasskey, err: errOutage}
		}, errOutage, "vendor"},
		{"when the only method has a fault", func(p *parts, _ *customauth.User, _ *customauth.History) {
			*p = withVendor(nil, errOutage, methodVendor)
		}, errOutage, "vendor"},
		{"without the method", func(p *parts, _ *customauth.User, _ *customauth.History) {
			p.issuers = p.issuers[:1]
		}, nil, "this function has no such method"},
		{"when the method sets what it doesn't declare", func(p *parts, _ *customauth.User, _ *customauth.History) {
			p.issuers = []customauth.Issuer{undeclared{issuer{method: customauth.MethodPasskey}}}
		}, nil, `"passkeyParameter", which it does not declare`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := creating()
			u, h := user, customauth.History{}
			c.change(&p, &u, &h)
			opened, err := p.create(t).Open(t.Context(), u, h)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error is %v, want %v and %q", err, c.want, c.text)
			}
			if opened.Private != nil {
				t.Error("something was opened")
			}
		})
	}
}

func TestMethodsOfOneRoundShareNoParameter(t *testing.T) {
	p, _ := creating()
	p.issuers = append(p.issuers, p.issuers[0]) // a fallback twice: it is issued alone
	p.create(t)
	_, err := customauth.NewCreate(p.define, p.directory, time.Now, p.issuers[1], p.issuers[1])
	if err == nil || !strings.Contains(err.Error(), `"passkeyParameter" is set by passkey and by passkey`) {
		t.Errorf("error is %v, want one that names the parameter and the methods", err)
	}
}

// Nobody's items are stored under a name that somebody could take.
func TestUserKey(t *testing.T) {
	if key := user.Key(); key != "sub" {
		t.Errorf("key is %q, want the sub", key)
	}
	nobody := customauth.User{Name: "sub", NotFound: true}
	if nobody.Key() == user.Key() || nobody.Key() == (customauth.User{Name: "another", NotFound: true}).Key() {
		t.Errorf("key of nobody is %q, want one of the name's own", nobody.Key())
	}
}

// checker finds every answer of its form correct, and keeps what it was given.
type checker struct {
	method string
	form   string // how its answers begin
	given  *customauth.Answer
	err    error
}

func (c checker) Method() string                { return c.method }
func (c checker) Recognizes(answer string) bool { return strings.HasPrefix(answer, c.form) }
func (c checker) Check(_ context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	*c.given = answer
	return customauth.Verdict{Correct: true, Method: c.method}, c.err
}

// passkeyChecker finds every answer in braces correct.
func passkeyChecker(given *customauth.Answer, err error) checker {
	return checker{customauth.MethodPasskey, "{", given, err}
}

func TestVerifyHandsOverWhatCreateSealed(t *testing.T) {
	create, issued := creating()
	opened := open(t, create, customauth.History{})
	given := new(customauth.Answer)
	verify := customauth.Verify{Checkers: []customauth.Checker{passkeyChecker(given, nil)}}
	started := now.Add(time.Second)
	verdict, err := verify.Check(t.Context(), user, opened.Private, "{}", started)
	if err != nil || !verdict.Correct {
		t.Errorf("verdict is %+v, error %v", verdict, err)
	}
	issued.Sealed.Private = map[string]string{}
	want := customauth.Answer{User: user, Text: "{}", Sealed: issued.Sealed, Started: started}
	if diff := cmp.Diff(want, *given); diff != "" {
		t.Errorf("the checker was given (-want +got):\n%s", diff)
	}
}

func TestVerifyRejects(t *testing.T) {
	longest := "{" + strings.Repeat(" ", customauth.MaxAnswer-1)
	for _, c := range []struct {
		name   string
		answer string
		change func(private map[string]string, u *customauth.User)
		reason string // empty: accepted
	}{
		{"an answer of the greatest length", longest, nil, ""},
		{"rejects a longer answer", longest + " ", nil, customauth.ReasonAnswerTooBig},
		{"rejects a dummy", "__dummy__", nil, customauth.ReasonDummyAnswer},
		{"rejects an answer of no form", "12345678", nil, customauth.ReasonNoMethod},
		{"rejects a method that was not sealed", "{}", func(p map[string]string, _ *customauth.User) { p["acc"] = "link,code" }, customauth.ReasonNotAllowed},
		{"rejects where no method was sealed", "{}", func(p map[string]string, _ *customauth.User) { p["acc"] = "" }, customauth.ReasonNotAllowed},
		{"rejects a round that Create didn't open", "{}", func(p map[string]string, _ *customauth.User) { clear(p) }, customauth.ReasonNoChallenge},
		{"rejects another version", "{}", func(p map[string]string, _ *customauth.User) { p["v"] = "2" }, customauth.ReasonNoChallenge},
		{"rejects a short challenge", "{}", func(p map[string]string, _ *customauth.User) { p["c"] = p["c"][:42] }, customauth.ReasonNoChallenge},
		{"rejects a challenge that is no base64url", "{}", func(p map[string]string, _ *customauth.User) { p["c"] = "+" + p["c"][1:] }, customauth.ReasonNoChallenge},
		{"rejects no time of issue", "{}", func(p map[string]string, _ *customauth.User) { delete(p, "a") }, customauth.ReasonNoChallenge},
		{"rejects no time of expiry", "{}", func(p map[string]string, _ *customauth.User) { delete(p, "x") }, customauth.ReasonNoChallenge},
		{"rejects a right answer for nobody", "{}", func(_ map[string]string, u *customauth.User) { u.NotFound = true }, customauth.ReasonNoSuchUser},
	} {
		t.Run(c.name, func(t *testing.T) {
			create, _ := creating()
			private, u := maps.Clone(open(t, create, customauth.History{}).Private), user
			if c.change != nil {
				c.change(private, &u)
			}
			verify := customauth.Verify{Checkers: []customauth.Checker{passkeyChecker(new(customauth.Answer), nil)}}
			verdict, err := verify.Check(t.Context(), u, private, c.answer, now)
			if err != nil || verdict.Reason != c.reason || verdict.Correct != (c.reason == "") {
				t.Errorf("verdict is %+v, error %v; want the reason %q", verdict, err, c.reason)
			}
		})
	}
}

func TestVerifyFailsWhenItsCheckerDoes(t *testing.T) {
	create, _ := creating()
	verify := customauth.Verify{Checkers: []customauth.Checker{passkeyChecker(new(customauth.Answer), errOutage)}}
	verdict, err := verify.Check(t.Context(), user, open(t, create, customauth.History{}).Private, "{}", now)
	if !errors.Is(err, errOutage) || verdict.Correct {
		t.Errorf("verdict is %+v, error %v", verdict, err)
	}
}

// An answer goes to the method whose form it has, among those that the round
// accepts; what has no such form goes to the opaque method, with its own private
// values.
func TestVerifyDispatches(t *testing.T) {
	for _, c := range []struct {
		name     string
		accepted string
		answer   string
		method   string // of the checker that is asked, empty: none
		reason   string
	}{
		{"an assertion", "passkey,vendor", "{}", customauth.MethodPasskey, ""},
		{"an opaque answer", "passkey,vendor", "-", methodVendor, ""},
		{"rejects what a method would take that is not accepted", "vendor", "{}", "", customauth.ReasonNotAllowed},
		{"rejects an opaque answer where it is not accepted", "passkey", "-", "", customauth.ReasonNotAllowed},
		{"rejects what not even the opaque method takes", "passkey,vendor", "", "", customauth.ReasonNoMethod},
	} {
		t.Run(c.name, func(t *testing.T) {
			private := open(t, withVendor(vendorPrivate, nil, customauth.MethodPasskey, methodVendor), customauth.History{}).Private
			private["acc"] = c.accepted
			given := new(customauth.Answer)
			verify := customauth.Verify{
				Checkers: []customauth.Checker{passkeyChecker(given, nil)},
				Opaque:   opaque{checker{method: methodVendor, given: given}},
			}
			verdict, err := verify.Check(t.Context(), user, private, c.answer, now)
			if err != nil || verdict.Reason != c.reason || verdict.Correct != (c.reason == "") || verdict.Correct && verdict.Method != c.method {
				t.Errorf("verdict is %+v, error %v", verdict, err)
			}
			want := map[string]map[string]string{methodVendor: vendorPrivate, customauth.MethodPasskey: {}}[c.method]
			if diff := cmp.Diff(want, given.Sealed.Private); diff != "" {
				t.Errorf("the checker was given (-want +got):\n%s", diff)
			}
		})
	}
}

// opaque takes any answer but an empty one.
type opaque struct{ checker }

func (opaque) Recognizes(answer string) bool { return answer != "" }
