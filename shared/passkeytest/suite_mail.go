package passkeytest

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// suiteLink is an outstanding link.
func suiteLink() credentials.Mailing {
	return credentials.Mailing{
		Token: []byte("token"), Session: "session", Browser: []byte("browser"), ClientID: "client", Expires: suiteNow.Add(time.Minute),
	}
}

// mailingUse is the use of a mailing.
func mailingUse() credentials.Use {
	return credentials.Use{Digest: []byte("digest"), Invocation: []byte("invocation"), Time: suiteNow, Times: 1}
}

func wantMailing(t *testing.T, s credentials.Store, sk string, want credentials.Mailing) {
	t.Helper()
	got, err := s.Mailing(t.Context(), suiteSub, sk)
	wantError(t, err, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mailing (-want +got):\n%s", diff)
	}
}

func suiteMailing(t *testing.T, s credentials.Store) {
	_, err := s.Mailing(t.Context(), suiteSub, table.LinkSK)
	wantError(t, err, credentials.ErrNotFound)
	link := suiteLink()
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.LinkSK, link), nil)
	wantMailing(t, s, table.LinkSK, link)
	wantError(t, s.SpendMailing(t.Context(), suiteSub, table.LinkSK, link.Token, mailingUse()), nil)
	next := credentials.Mailing{Token: []byte("another"), Session: "next", ClientID: "client", Expires: suiteNow.Add(time.Hour)}
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.LinkSK, next), nil)
	wantMailing(t, s, table.LinkSK, next)
	code := credentials.Mailing{Session: "session", ClientID: "client", Expires: suiteNow.Add(time.Minute)}
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.CodeSK("session"), code), nil)
	wantMailing(t, s, table.CodeSK("session"), code)
	_, err = s.Mailing(t.Context(), "other", table.LinkSK)
	wantError(t, err, credentials.ErrNotFound)
}

func suiteMailingOnce(t *testing.T, s credentials.Store) {
	link := suiteLink()
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.LinkSK, link), nil)
	second := mailingUse()
	second.Digest, second.Invocation = []byte("another digest"), []byte("another")
	wantError(t, s.SpendMailing(t.Context(), suiteSub, table.LinkSK, link.Token, mailingUse()), nil)
	wantError(t, s.SpendMailing(t.Context(), suiteSub, table.LinkSK, link.Token, second), credentials.ErrCondition)
	link.Use = mailingUse()
	wantMailing(t, s, table.LinkSK, link)
}

func suiteMailingRace(t *testing.T, s credentials.Store) {
	link := suiteLink()
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.LinkSK, link), nil)
	errs := AtOnce(func(int) error {
		return s.SpendMailing(t.Context(), suiteSub, table.LinkSK, link.Token, mailingUse())
	})
	wantOne(t, errs, credentials.ErrCondition)
}

func suiteMailingUnfit(t *testing.T, s credentials.Store) {
	spend := func(sub, sk string, token []byte, at time.Time) error {
		use := mailingUse()
		use.Time = at
		return s.SpendMailing(t.Context(), sub, sk, token, use)
	}
	link := suiteLink()
	wantError(t, spend(suiteSub, table.LinkSK, link.Token, suiteNow), credentials.ErrCondition) // there is none
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.LinkSK, link), nil)
	wantError(t, spend("other", table.LinkSK, link.Token, suiteNow), credentials.ErrCondition)
	wantError(t, spend(suiteSub, table.LinkSK, []byte("another"), suiteNow), credentials.ErrCondition)
	wantError(t, spend(suiteSub, table.LinkSK, nil, suiteNow), credentials.ErrCondition)
	wantError(t, spend(suiteSub, table.LinkSK, link.Token, link.Expires), credentials.ErrCondition)
	wantMailing(t, s, table.LinkSK, link)
	code := credentials.Mailing{Session: "session", ClientID: "client", Expires: suiteNow.Add(time.Minute)}
	sk := table.CodeSK("session")
	wantError(t, s.PutMailing(t.Context(), suiteSub, sk, code), nil)
	for range credentials.MaxWrongTries {
		wantError(t, s.MissMailing(t.Context(), suiteSub, sk), nil)
	}
	wantError(t, spend(suiteSub, sk, nil, suiteNow), credentials.ErrCondition)
}

func suiteMailingRepeat(t *testing.T, s credentials.Store) {
	repeat := func(digest string) error {
		return s.RepeatMailing(t.Context(), suiteSub, table.LinkSK, []byte(digest))
	}
	wantError(t, repeat("digest"), credentials.ErrCondition)
	link := suiteLink()
	wantError(t, s.PutMailing(t.Context(), suiteSub, table.LinkSK, link), nil)
	wantError(t, repeat("digest"), credentials.ErrCondition)
	wantError(t, s.SpendMailing(t.Context(), suiteSub, table.LinkSK, link.Token, mailingUse()), nil)
	wantError(t, repeat("another digest"), credentials.ErrCondition)
	for range credentials.MaxRepeats - 1 {
		wantError(t, repeat("digest"), nil)
	}
	wantError(t, repeat("digest"), credentials.ErrCondition)
}

func suiteMailingMiss(t *testing.T, s credentials.Store) {
	sk := table.CodeSK("session")
	wantError(t, s.MissMailing(t.Context(), suiteSub, sk), credentials.ErrCondition)
	code := credentials.Mailing{Session: "session", ClientID: "client", Expires: suiteNow.Add(time.Minute)}
	wantError(t, s.PutMailing(t.Context(), suiteSub, sk, code), nil)
	counted := 0
	for _, err := range AtOnce(func(int) error { return s.MissMailing(t.Context(), suiteSub, sk) }) {
		if err == nil {
			counted++
		}
	}
	if counted != credentials.MaxWrongTries {
		t.Errorf("%d wrong tries were counted, want %d", counted, credentials.MaxWrongTries)
	}
	code.Wrong = credentials.MaxWrongTries
	wantMailing(t, s, sk, code)
}

func suiteRate(t *testing.T, s credentials.Store) {
	limit := credentials.Limit{Pause: time.Minute, PerDay: 2}
	before, err := s.Rate(t.Context(), "key")
	wantError(t, err, nil)
	first, _ := before.Next(suiteNow, limit)
	wantOne(t, AtOnce(func(int) error { return s.SetRate(t.Context(), "key", before, first) }), credentials.ErrCondition)
	second, _ := first.Next(suiteNow.Add(time.Hour), limit)
	wantError(t, s.SetRate(t.Context(), "key", before, second), credentials.ErrCondition)
	wantError(t, s.SetRate(t.Context(), "key", first, second), nil)
	got, err := s.Rate(t.Context(), "key")
	wantError(t, err, nil)
	if diff := cmp.Diff(second, got); diff != "" {
		t.Errorf("rate (-want +got):\n%s", diff)
	}
	other, err := s.Rate(t.Context(), "other")
	wantError(t, err, nil)
	if other != (credentials.Rate{}) {
		t.Errorf("the rate of another key is %+v", other)
	}
}

func suiteNotices(t *testing.T, s credentials.Store) {
	count := func(sub string, n credentials.Notice, want int) {
		t.Helper()
		got, err := s.CountNotice(t.Context(), sub, n)
		wantError(t, err, nil)
		if got != want {
			t.Errorf("%s of %s: notice number %d, want %d", n.Kind, sub, got, want)
		}
	}
	first := credentials.Notice{Kind: "added", ID: "first", Time: suiteNow}
	count(suiteSub, first, 1)
	_, err := s.CountNotice(t.Context(), suiteSub, first)
	wantError(t, err, credentials.ErrCondition)
	count(suiteSub, credentials.Notice{Kind: "added", ID: "second", Time: suiteNow}, 2)
	count(suiteSub, credentials.Notice{Kind: "removed", ID: "first", Time: suiteNow}, 1)
	count(suiteSub, credentials.Notice{Kind: "added", ID: "first", Time: suiteNow.Add(24 * time.Hour)}, 1)
	count("other", first, 1)
}

func suiteNoticesRace(t *testing.T, s credentials.Store) {
	counted := 0
	for _, err := range AtOnce(func(i int) error {
		_, err := s.CountNotice(t.Context(), suiteSub, credentials.Notice{Kind: "added", ID: strconv.Itoa(i), Time: suiteNow})
		return err
	}) {
		if err == nil {
			counted++
		} else {
			wantError(t, err, credentials.ErrCondition)
		}
	}
	if counted != credentials.NoticesPerDay {
		t.Errorf("%d notices were counted, want %d", counted, credentials.NoticesPerDay)
	}
}
