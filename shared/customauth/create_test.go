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
	method string
	issued *customauth.Issue
	err    error
}

func (i issuer) Method() string { return i.method }

func (i issuer) Issue(_ context.Context, issue customauth.Issue) (map[string]string, error) {
	*i.issued = issue
	return map[string]string{"method": i.method}, i.err
}

// creating returns a Create, and where its issuers leave what they were given.
func creating() (customauth.Create, *customauth.Issue) {
	issued := new(customauth.Issue)
	return customauth.Create{
		Define: customauth.Define{Fallbacks: []string{customauth.MethodCode}},
		Directory: directory{
			client: customauth.Client{
				RelyingPartyID: "example.com", UserVerification: "required", Methods: []string{customauth.MethodPasskey, customauth.MethodLink},
			},
			passkeys: []customauth.Passkey{{CredentialID: []byte("id"), Transports: []string{"internal"}}},
		},
		Issuers: []customauth.Issuer{issuer{method: customauth.MethodCode, issued: issued}, issuer{method: customauth.MethodPasskey, issued: issued}},
		Now:     func() time.Time { return now },
	}, issued
}

func open(tb testing.TB, create customauth.Create, h customauth.History) customauth.Opened {
	tb.Helper()
	opened, err := create.Open(tb.Context(), user, h)
	if err != nil {
		tb.Fatal(err)
	}
	return opened
}

func TestCreateOpensTheFirstRound(t *testing.T) {
	create, issued := creating()
	opened := open(t, create, customauth.History{})
	if opened.Method != customauth.MethodPasskey || opened.Public["method"] != customauth.MethodPasskey {
		t.Errorf("opened %+v, want a passkey challenge", opened)
	}
	sealed := issued.Sealed
	want := customauth.Issue{
		User: user, Passkeys: []customauth.Passkey{{CredentialID: []byte("id"), Transports: []string{"internal"}}},
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

func TestCreateFails(t *testing.T) {
	outage := errors.New("outage")
	for _, c := range []struct {
		name   string
		change func(*customauth.Create, *customauth.User, *customauth.History)
		want   error // nil: any
	}{
		{"where Define asks for no challenge", func(_ *customauth.Create, _ *customauth.User, h *customauth.History) {
			h.Entries = []customauth.Entry{{Challenge: "SRP_A"}}
		}, customauth.ErrNotExpected},
		{"for an app client that is not listed", func(_ *customauth.Create, u *customauth.User, _ *customauth.History) {
			u.ClientID = "another"
		}, customauth.ErrNotServed},
		{"when the passkeys can't be read", func(c *customauth.Create, _ *customauth.User, _ *customauth.History) {
			c.Directory = directory{err: outage}
		}, outage},
		{"when the challenge can't be issued", func(c *customauth.Create, _ *customauth.User, _ *customauth.History) {
			c.Issuers = []customauth.Issuer{issuer{customauth.MethodPasskey, new(customauth.Issue), outage}}
		}, outage},
		{"without the method", func(c *customauth.Create, _ *customauth.User, _ *customauth.History) {
			c.Issuers = c.Issuers[:1]
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			create, _ := creating()
			u, h := user, customauth.History{}
			c.change(&create, &u, &h)
			opened, err := create.Open(t.Context(), u, h)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if opened.Private != nil {
				t.Error("something was opened")
			}
		})
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

// checker finds every answer in braces correct and keeps what it was given.
type checker struct {
	given *customauth.Answer
	err   error
}

func (checker) Method() string                { return customauth.MethodPasskey }
func (checker) Recognizes(answer string) bool { return strings.HasPrefix(answer, "{") }
func (c checker) Check(_ context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	*c.given = answer
	return customauth.Verdict{Correct: true, Method: customauth.MethodPasskey}, c.err
}

func TestVerifyHandsOverWhatCreateSealed(t *testing.T) {
	create, issued := creating()
	opened := open(t, create, customauth.History{})
	given := new(customauth.Answer)
	verify := customauth.Verify{Checkers: []customauth.Checker{checker{given: given}}}
	started := now.Add(time.Second)
	verdict, err := verify.Check(t.Context(), user, opened.Private, "{}", started)
	if err != nil || !verdict.Correct {
		t.Errorf("verdict is %+v, error %v", verdict, err)
	}
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
			verify := customauth.Verify{Checkers: []customauth.Checker{checker{given: new(customauth.Answer)}}}
			verdict, err := verify.Check(t.Context(), u, private, c.answer, now)
			if err != nil || verdict.Reason != c.reason || verdict.Correct != (c.reason == "") {
				t.Errorf("verdict is %+v, error %v; want the reason %q", verdict, err, c.reason)
			}
		})
	}
}

func TestVerifyFailsWhenItsCheckerDoes(t *testing.T) {
	outage := errors.New("outage")
	create, _ := creating()
	verify := customauth.Verify{Checkers: []customauth.Checker{checker{new(customauth.Answer), outage}}}
	verdict, err := verify.Check(t.Context(), user, open(t, create, customauth.History{}).Private, "{}", now)
	if !errors.Is(err, outage) || verdict.Correct {
		t.Errorf("verdict is %+v, error %v", verdict, err)
	}
}
