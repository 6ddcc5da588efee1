package trigger_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey/answer"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

// recorder writes lines that nobody reads.
func recorder() *telemetry.Recorder {
	return telemetry.NewRecorder(io.Discard, "function", journey.Instance, time.Now)
}

func BenchmarkDefine(b *testing.B) {
	define := trigger.Define{Telemetry: recorder()}
	event := trigger.DefineEvent{}
	event.TriggerSource = "DefineAuthChallenge_Authentication"
	for b.Loop() {
		if _, err := define.Handle(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreate shows what a user with twenty passkeys costs beside one with one.
func BenchmarkCreate(b *testing.B) {
	for _, passkeys := range []int{1, 20} {
		b.Run(fmt.Sprintf("%d passkeys", passkeys), func(b *testing.B) {
			store := storeWith(b, passkeys)
			key := func(context.Context) (secret.Key, error) { return secret.Key{}, nil }
			conversation, err := customauth.NewCreate(customauth.Define{}, credentials.NewDirectory(store, time.Now), time.Now,
				passkey.Issuer{Decoys: &passkey.Decoys{Key: key}})
			if err != nil {
				b.Fatal(err)
			}
			create := trigger.Create{Conversation: conversation, Telemetry: recorder()}
			event := createEvent(journey.User{Name: userSub, Attributes: map[string]string{"sub": userSub}})
			for b.Loop() {
				if _, err := create.Handle(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// storeWith is a store whose one user has as many passkeys.
func storeWith(b *testing.B, passkeys int) *passkeytest.Memory {
	b.Helper()
	store := &passkeytest.Memory{}
	store.SetClient(journey.ClientID, customauth.Client{RelyingPartyID: journey.RelyingPartyID, Methods: []string{customauth.MethodPasskey}})
	for i := range passkeys {
		registration := credentials.Registration{First: i == 0, Expires: time.Now().Add(time.Hour)}
		if err := store.BeginRegistration(b.Context(), userSub, registration); err != nil {
			b.Fatal(err)
		}
		enrolment := credentials.Enrolment{Sub: userSub, Registration: registration, Max: passkeys, Now: time.Now()}
		enrolment.Passkey.ID, enrolment.Passkey.RPID = fmt.Appendf(nil, "credential id %2d", i), journey.RelyingPartyID
		enrolment.Passkey.Transports = []string{"hybrid", "internal"}
		if err := store.Enrol(b.Context(), enrolment); err != nil {
			b.Fatal(err)
		}
	}
	return store
}

// BenchmarkVerify is the whole handler on an ES256 answer that is right.
func BenchmarkVerify(b *testing.B) {
	s := journey.New(b)
	u, a := s.NewUser(userSub), passkeytest.NewSynced(journey.Origin)
	s.Register(b, u, a)
	verify := trigger.Verify{
		Conversation: customauth.Verify{Checkers: []customauth.Checker{answer.Checker{
			RelyingParty: s.RelyingParty, Store: s.Store, Now: s.Now,
		}}},
		Telemetry: recorder(),
		Now:       s.Now,
	}
	for b.Loop() {
		b.StopTimer()
		s.Advance(time.Millisecond)
		session := s.Begin(b, u)
		event := s.VerifyEvent(session, journey.Assert(b, a, session.Options()), nil)
		b.StartTimer()
		if got, err := verify.Handle(b.Context(), event); err != nil || !got.Response.AnswerCorrect {
			b.Fatal("refused", err)
		}
	}
}
