package passkeytest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// suiteProofID is the id of the proof that beginProof begins.
const suiteProofID = "proof"

// beginProof begins a proof that expires in a minute.
func beginProof(t *testing.T, s credentials.Store) credentials.Proof {
	t.Helper()
	expires := suiteNow.Add(time.Minute)
	wantError(t, s.BeginProof(t.Context(), suiteProofID, expires), nil)
	return credentials.Proof{Expires: expires}
}

func wantProof(t *testing.T, s credentials.Store, want credentials.Proof) {
	t.Helper()
	got, err := s.Proof(t.Context(), suiteProofID)
	wantError(t, err, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("proof (-want +got):\n%s", diff)
	}
}

func suiteProof(t *testing.T, s credentials.Store) {
	_, err := s.Proof(t.Context(), suiteProofID)
	wantError(t, err, credentials.ErrNotFound)
	want := beginProof(t, s)
	wantProof(t, s, want)
	wantError(t, s.BeginProof(t.Context(), suiteProofID, suiteNow.Add(time.Hour)), credentials.ErrCondition)
	wantError(t, s.MissProof(t.Context(), suiteProofID), nil)
	wantError(t, s.SpendProof(t.Context(), suiteProofID, mailingUse()), nil)
	want.Wrong, want.Use = 1, mailingUse()
	wantProof(t, s, want)
}

func suiteProofRace(t *testing.T, s credentials.Store) {
	beginProof(t, s)
	wantOne(t, AtOnce(func(int) error { return s.SpendProof(t.Context(), suiteProofID, mailingUse()) }), credentials.ErrCondition)
}

func suiteProofUnfit(t *testing.T, s credentials.Store) {
	spend := func(at time.Time) error {
		use := mailingUse()
		use.Time = at
		return s.SpendProof(t.Context(), suiteProofID, use)
	}
	wantError(t, spend(suiteNow), credentials.ErrCondition) // there is none
	want := beginProof(t, s)
	wantError(t, spend(want.Expires), credentials.ErrCondition)
	wantProof(t, s, want)
	for range credentials.MaxWrongTries {
		wantError(t, s.MissProof(t.Context(), suiteProofID), nil)
	}
	wantError(t, spend(suiteNow), credentials.ErrCondition)
}

func suiteProofRepeat(t *testing.T, s credentials.Store) {
	repeat := func(digest string) error { return s.RepeatProof(t.Context(), suiteProofID, []byte(digest)) }
	wantError(t, repeat("digest"), credentials.ErrCondition)
	beginProof(t, s)
	wantError(t, repeat("digest"), credentials.ErrCondition)
	wantError(t, s.SpendProof(t.Context(), suiteProofID, mailingUse()), nil)
	wantError(t, repeat("another digest"), credentials.ErrCondition)
	for range credentials.MaxRepeats - 1 {
		wantError(t, repeat("digest"), nil)
	}
	wantError(t, repeat("digest"), credentials.ErrCondition)
}

func suiteProofMiss(t *testing.T, s credentials.Store) {
	wantError(t, s.MissProof(t.Context(), suiteProofID), credentials.ErrCondition)
	want := beginProof(t, s)
	counted := 0
	for _, err := range AtOnce(func(int) error { return s.MissProof(t.Context(), suiteProofID) }) {
		if err == nil {
			counted++
		}
	}
	if counted != credentials.MaxWrongTries {
		t.Errorf("%d wrong tries were counted, want %d", counted, credentials.MaxWrongTries)
	}
	want.Wrong = credentials.MaxWrongTries
	wantProof(t, s, want)
}

func suiteProofNote(t *testing.T, s credentials.Store) {
	note := func(sub string) error { return s.NoteProof(t.Context(), suiteProofID, sub) }
	wantError(t, note(suiteSub), credentials.ErrCondition) // there is none
	want := beginProof(t, s)
	wantError(t, note(suiteSub), credentials.ErrCondition) // it proves nothing yet
	wantError(t, s.SpendProof(t.Context(), suiteProofID, mailingUse()), nil)
	wantError(t, note(suiteSub), nil)
	wantError(t, note(suiteSub), nil)
	wantError(t, note("other"), credentials.ErrCondition)
	want.Use, want.Sub = mailingUse(), suiteSub
	wantProof(t, s, want)
}
