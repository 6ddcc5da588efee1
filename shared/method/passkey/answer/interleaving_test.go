package answer_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// withReplies runs a test once with a store that answers, and once with one
// whose replies to Spend are lost after the write.
func withReplies(t *testing.T, test func(t *testing.T, loses func(*scene))) {
	t.Run("replies arrive", func(t *testing.T) { test(t, func(*scene) {}) })
	t.Run("replies are lost", func(t *testing.T) { test(t, func(s *scene) { s.store.losesReply = true }) })
}

func (s *scene) withPasskey(a *passkeytest.Authenticator) (journey.User, *passkeytest.Authenticator) {
	s.t.Helper()
	u := s.NewUser(subA)
	s.Register(s.t, u, a)
	return u, a
}

func synced() *passkeytest.Authenticator { return passkeytest.NewSynced(journey.Origin) }

// firstRecorded returns whose record was the first to reach the store.
func (s *scene) firstRecorded() (first, other string) {
	if s.Happened("one records", "two records") {
		return "one", "two"
	}
	return "two", "one"
}

// Identical answers in one session: one is right. The other is a repeat, and
// right too, if it began after the time that the first recorded, and read after
// that record; that time is taken before the write.
func TestOrdersOfOneAnswerTwice(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			u, a := s.withPasskey(synced())
			session := s.Begin(s.t, u)
			answer := journey.Assert(s.t, a, session.Options())
			s.addAnswer("one", session, answer)
			s.addAnswer("two", session, answer)
		}, func(t *testing.T, s *scene) {
			first, other := s.firstRecorded()
			want := "challenge_spent"
			if s.Happened(first+" reads", other+" starts") && s.Happened(first+" records", other+" reads") {
				want = right
			}
			if s.verdict(first) != right || s.verdict(other) != want {
				t.Errorf("the first is %s, the other %s; want right and %s", s.verdict(first), s.verdict(other), want)
			}
		})
	})
}

// One stamped answer in two sessions, one of which may be a thief's: one is right.
func TestOrdersOfOneAnswerInTwoSessions(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			u, a := s.withPasskey(synced())
			answer := journey.Assert(s.t, a, s.SignInOptions(s.t))
			s.addAnswer("one", s.Begin(s.t, u), answer)
			s.addAnswer("two", s.Begin(s.t, u), answer)
		}, func(t *testing.T, s *scene) {
			first, other := s.firstRecorded()
			if s.verdict(first) != right || s.verdict(other) != "challenge_spent" {
				t.Errorf("the first is %s, the other %s; want right and challenge_spent", s.verdict(first), s.verdict(other))
			}
		})
	})
}

// Two devices that share a synced passkey: both are right.
func TestOrdersOfTwoDevices(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			s.addTwoAnswers(s.withPasskey(synced()))
		}, func(t *testing.T, s *scene) {
			if s.verdict("one") != right || s.verdict("two") != right {
				t.Errorf("one is %s, two is %s; want both right", s.verdict("one"), s.verdict("two"))
			}
		})
	})
}

// A device-bound key counts: the later answer is right, and the earlier one too
// unless the later was recorded before it.
func TestOrdersOfTwoCounts(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			s.addTwoAnswers(s.withPasskey(passkeytest.NewDeviceBound(journey.Origin)))
		}, func(t *testing.T, s *scene) {
			want := right
			if s.Happened("two records", "one records") {
				want = "counter"
			}
			if s.verdict("one") != want || s.verdict("two") != right {
				t.Errorf("one is %s, two is %s; want %s and right", s.verdict("one"), s.verdict("two"), want)
			}
		})
	})
}

// addTwoAnswers adds "one" and "two", of which two was made later.
func (s *scene) addTwoAnswers(u journey.User, a *passkeytest.Authenticator) {
	for _, name := range []string{"one", "two"} {
		session := s.Begin(s.t, u)
		s.addAnswer(name, session, journey.Assert(s.t, a, session.Options()))
	}
}

// A passkey is removed meanwhile: the answer is right only if all of it came before.
func TestOrdersOfAnswerAndRemoval(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			hash := s.addOneAnswer(s.withPasskey(synced()))
			s.Add("owner", func(ctx context.Context) {
				if err := s.Store.Remove(ctx, credentials.Removal{Sub: subA, Hash: hash, Now: s.Now()}); err != nil {
					s.t.Error(err)
				}
			})
		}, func(t *testing.T, s *scene) {
			want := "credential_removed"
			switch {
			case s.Last() == "owner removes":
				want = right
			case s.Happened("owner removes", "one reads"):
				want = "unknown_credential"
			}
			if s.verdict("one") != want {
				t.Errorf("the answer is %s, want %s", s.verdict("one"), want)
			}
		})
	})
}

// addOneAnswer adds "one" and returns the hash of the passkey's id.
func (s *scene) addOneAnswer(u journey.User, a *passkeytest.Authenticator) string {
	session := s.Begin(s.t, u)
	s.addAnswer("one", session, journey.Assert(s.t, a, session.Options()))
	return table.Hash(a.Passkeys[0].ID)
}

// The same credential id is registered anew meanwhile, long after its removal:
// what was read of the former registration records nothing in the later.
func TestOrdersOfAnswerAndNewRegistration(t *testing.T) {
	explore(t, func(s *scene) {
		hash := s.addOneAnswer(s.withPasskey(synced()))
		p, err := s.store.Store.Passkey(s.t.Context(), subA, hash)
		if err != nil {
			s.t.Fatal(err)
		}
		s.Add("owner", func(ctx context.Context) {
			orders.Step(ctx, "registers anew")
			s.Advance(credentials.DeadFor)
			p.Generation = "of the later registration"
			s.store.Store = storeWith(s.t, p, s.Now())
		})
	}, func(t *testing.T, s *scene) {
		want := "credential_removed"
		switch {
		case s.Happened("one records", "owner registers anew"):
			want = right
		case s.Happened("owner registers anew", "one reads"):
			want = "challenge_expired"
		}
		if s.verdict("one") != want {
			t.Errorf("the answer is %s, want %s", s.verdict("one"), want)
		}
	})
}

// storeWith is a store in which user A has registered one passkey.
func storeWith(t *testing.T, p credentials.Passkey, now time.Time) credentials.Store {
	t.Helper()
	store := &passkeytest.Memory{}
	registration := credentials.Registration{Challenge: "c", First: true, Expires: now.Add(time.Minute)}
	if err := store.BeginRegistration(t.Context(), subA, registration); err != nil {
		t.Fatal(err)
	}
	err := store.Enrol(t.Context(), credentials.Enrolment{Sub: subA, Registration: registration, Passkey: p, Max: 1, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// Everything outstanding is voided meanwhile: the answer is right if it was
// recorded before, and otherwise the user is told to start again.
func TestOrdersOfAnswerAndRaisedFloor(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			hash := s.addOneAnswer(s.withPasskey(synced()))
			s.Add("owner", func(ctx context.Context) {
				orders.Step(ctx, "voids")
				s.void(hash)
			})
		}, func(t *testing.T, s *scene) {
			want := fault
			if s.Happened("one records", "owner voids") {
				want = right
			}
			if s.verdict("one") != want {
				t.Errorf("the answer is %s, want %s", s.verdict("one"), want)
			}
		})
	})
}

// void raises the floor of user A's passkey to now.
func (s *scene) void(hash string) {
	now := s.Now()
	s.record(hash, credentials.Spend{Floor: now, Challenge: "of the owner", Use: credentials.Use{Issued: now.Add(time.Millisecond)}})
}

// spend has the passkey remember as many challenges, issued one after the other from now on.
func (s *scene) spend(a *passkeytest.Authenticator, challenges int) {
	for i := range challenges {
		s.record(table.Hash(a.Passkeys[0].ID), credentials.Spend{
			Challenge: strconv.Itoa(i),
			Use:       credentials.Use{Issued: s.Now(), Expires: s.Now().Add(time.Minute)},
		})
		s.Advance(time.Millisecond)
	}
}

func (s *scene) record(hash string, spend credentials.Spend) {
	p, err := s.store.Store.Passkey(s.t.Context(), subA, hash)
	if err != nil {
		s.t.Error(err)
	}
	spend.Sub, spend.Hash, spend.Generation, spend.Use.Time = subA, hash, p.Generation, s.Now()
	if err := s.store.Store.Spend(s.t.Context(), spend); err != nil {
		s.t.Error(err)
	}
}

// The passkey has no room to remember one more challenge: both answers make
// some, and what they forget is void.
func TestOrdersOfTwoEvictions(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			u, a := s.withPasskey(synced())
			s.spend(a, 8)
			s.addTwoAnswers(u, a)
		}, func(t *testing.T, s *scene) {
			if s.verdict("one") != right || s.verdict("two") != right {
				t.Errorf("one is %s, two is %s; want both right", s.verdict("one"), s.verdict("two"))
			}
		})
	})
}

// The oldest challenge is answered last: it is right while the passkey has room
// to remember it, or else the user is told to start again.
func TestOrdersOfLateAnswerAndEviction(t *testing.T) {
	withReplies(t, func(t *testing.T, loses func(*scene)) {
		explore(t, func(s *scene) {
			loses(s)
			u, a := s.withPasskey(synced())
			late := s.Begin(s.t, u)
			s.Advance(time.Millisecond)
			s.spend(a, 7)
			session := s.Begin(s.t, u)
			s.addAnswer("one", late, journey.Assert(s.t, a, late.Options()))
			s.addAnswer("two", session, journey.Assert(s.t, a, session.Options()))
		}, func(t *testing.T, s *scene) {
			want := []string{right}
			switch {
			case s.Happened("two records", "one reads"):
				want = []string{fault}
			case s.store.losesReply: // and the record may be evicted before it is looked for
				want = []string{right, fault}
			}
			if !slices.Contains(want, s.verdict("one")) || s.verdict("two") != right {
				t.Errorf("the late answer is %s, the other %s; want %v and right", s.verdict("one"), s.verdict("two"), want)
			}
		})
	})
}
