package notice_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ann  = notice.Owner{Sub: "5f0c8d2e-0000-4000-8000-00000000000a", VerifiedEmail: "ann@example.com", Locale: "de-CH"}
)

// office is a teller with its post, its store and what it logs.
type office struct {
	notice.Teller
	post *journey.Postbox
	log  *journey.Log
}

func newOffice() office {
	post := &journey.Postbox{}
	return office{notice.Teller{Post: post, Store: &passkeytest.Memory{}}, post, &journey.Log{}}
}

// tell tells the owner of a passkey that was added, and returns the line of the call.
func (o office) tell(ctx context.Context, t *testing.T, owner notice.Owner, id string, at time.Time) map[string]any {
	t.Helper()
	call := telemetry.NewRecorder(o.log, "api", "Stack/Passkeys", func() time.Time { return at }).Begin()
	o.Tell(ctx, call, owner, id, mail.Letter{Kind: mail.KindPasskeyAdded, Time: at, Passkey: "Phone"})
	call.End(t.Context(), "answered")
	return o.log.Last(t, "answered")
}

func TestOwnerIsTold(t *testing.T) {
	o := newOffice()
	line := o.tell(t.Context(), t, ann, "one", noon)
	want := []mail.Letter{{Kind: mail.KindPasskeyAdded, To: ann.VerifiedEmail, Locale: "de-CH", Time: noon, Passkey: "Phone"}}
	if diff := cmp.Diff(want, o.post.Letters()); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
	if line["notice"] != "sent" || line["NoticeFailures"] != nil {
		t.Errorf("the line is %v", line)
	}
}

func TestOwnerIsToldOnce(t *testing.T) {
	o := newOffice()
	o.tell(t.Context(), t, ann, "one", noon)
	if line := o.tell(t.Context(), t, ann, "one", noon); line["notice"] != "repeated_or_limited" {
		t.Errorf("the line is %v", line)
	}
	if letters := o.post.Letters(); len(letters) != 1 {
		t.Errorf("mailed is %v", letters)
	}
}

func TestNobodyIsToldAtAnAddressThatIsNotVerified(t *testing.T) {
	for name, attributes := range map[string]map[string]string{
		"no address":           {"sub": ann.Sub, "email_verified": "true"},
		"an unverified one":    {"sub": ann.Sub, "email": "ann@example.com", "email_verified": "false"},
		"one nobody speaks of": {"sub": ann.Sub, "email": "ann@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice()
			if line := o.tell(t.Context(), t, notice.OwnerOf(attributes), "one", noon); line["notice"] != "address_not_verified" {
				t.Errorf("the line is %v", line)
			}
			if letters := o.post.Letters(); letters != nil {
				t.Errorf("mailed is %v", letters)
			}
		})
	}
	attributes := map[string]string{"sub": ann.Sub, "email": ann.VerifiedEmail, "email_verified": "true", "locale": ann.Locale}
	if diff := cmp.Diff(ann, notice.OwnerOf(attributes)); diff != "" {
		t.Errorf("owner (-want +got):\n%s", diff)
	}
}

// A flood ends, and its last letter says so: what is not told of stands behind
// news of so many changes. The next day, another kind and another user are told.
func TestLimitIsNews(t *testing.T) {
	o := newOffice()
	for i := range credentials.NoticesPerDay + 3 {
		o.tell(t.Context(), t, ann, fmt.Sprint(i), noon)
	}
	letters := o.post.Letters()
	if len(letters) != credentials.NoticesPerDay {
		t.Fatalf("%d letters, want %d", len(letters), credentials.NoticesPerDay)
	}
	for i, letter := range letters {
		if want := i == credentials.NoticesPerDay-1; letter.Last != want {
			t.Errorf("letter %d says that it is the last: %t, want %t", i, letter.Last, want)
		}
	}
	o.tell(t.Context(), t, ann, "tomorrow", noon.Add(24*time.Hour))
	o.tell(t.Context(), t, notice.Owner{Sub: "other", VerifiedEmail: "bob@example.com"}, "one", noon)
	o.Tell(t.Context(), telemetry.NewRecorder(o.log, "api", "i", time.Now).Begin(), ann, "one", mail.Letter{Kind: mail.KindPasskeyRemoved, Time: noon})
	if letters := o.post.Letters(); len(letters) != 3 {
		t.Errorf("mailed is %v", letters)
	}
}

// brokenStore counts nothing.
type brokenStore struct{}

var errBroken = errors.New("table: broken")

func (brokenStore) CountNotice(context.Context, string, credentials.Notice) (int, error) {
	return 0, errBroken
}

func TestOwnerIsToldAlthoughTheTableFails(t *testing.T) {
	o := newOffice()
	o.Store = brokenStore{}
	line := o.tell(t.Context(), t, ann, "one", noon)
	if letters := o.post.Letters(); len(letters) != 1 || letters[0].Last {
		t.Errorf("mailed is %v", letters)
	}
	if line["notice"] != "sent" || line["noticeError"] != "counting the mail: "+errBroken.Error() || line["NoticeFailures"] != nil {
		t.Errorf("the line is %v", line)
	}
}

func TestFailureIsCounted(t *testing.T) {
	o := newOffice()
	o.post.Fail(errors.New("no post today"))
	line := o.tell(t.Context(), t, ann, "one", noon)
	if line["notice"] != "failed" || line["noticeError"] != "sending the mail: no post today" || line["NoticeFailures"] != 1.0 || line["Faults"] != nil {
		t.Errorf("the line is %v", line)
	}
}

// clocked notes how long the count and the post are given, and fails if that is
// nothing.
type clocked struct{ forCount, forPost time.Duration }

func (c *clocked) CountNotice(ctx context.Context, _ string, _ credentials.Notice) (int, error) {
	c.forCount = left(ctx)
	return 1, ctx.Err()
}

func (c *clocked) Send(ctx context.Context, _ mail.Letter) error {
	c.forPost = left(ctx)
	return ctx.Err()
}

func left(ctx context.Context) time.Duration {
	at, _ := ctx.Deadline()
	return time.Until(at)
}

// The change has been made, so that its notice has a time of its own, also after
// a call that took all of its own: 8 s of the 10 that the function has.
func TestNoticeHasATimeOfItsOwn(t *testing.T) {
	o, c := newOffice(), &clocked{}
	o.Post, o.Store = c, c
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if line := o.tell(over, t, ann, "one", noon); line["notice"] != "sent" || line["noticeError"] != nil {
		t.Errorf("the line is %v", line)
	}
	if c.forCount > 500*time.Millisecond || c.forPost > 1500*time.Millisecond {
		t.Errorf("the count has %s, the post %s", c.forCount, c.forPost)
	}
}

func TestNoTellerTellsNobody(t *testing.T) {
	var nobody *notice.Teller
	nobody.Tell(t.Context(), nil, ann, "one", mail.Letter{})
}
