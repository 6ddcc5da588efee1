package trigger_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// parameterStore is SSM as an account has it by default: 40 calls a second.
type parameterStore struct {
	value string

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

const callsPerSecond = 40

func (s *parameterStore) allows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.tokens = min(callsPerSecond, s.tokens+now.Sub(s.last).Seconds()*callsPerSecond)
	s.last = now
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}

// Do implements aws.HTTPClient.
func (s *parameterStore) Do(*http.Request) (*http.Response, error) {
	status, body := http.StatusOK, fmt.Sprintf(`{"Parameter":{"Value":%q}}`, s.value)
	if !s.allows() {
		status, body = http.StatusBadRequest, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// cold returns the parameter of a function that just started.
func (s *parameterStore) cold(t *testing.T) *secret.Parameter {
	t.Helper()
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = s
	p := secret.NewParameter(parameterstore.New(cfg), "/stack/key", time.Now)
	p.Prefetch()
	return p
}

func newParameterStore(t *testing.T, kind secret.Kind) *parameterStore {
	t.Helper()
	ring, err := secret.NewRing(kind, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &parameterStore{value: ring.Encode(), tokens: callsPerSecond, last: time.Now()}
}

const coldFunctions = 200

// Two hundred functions start at once and read their key at 40 calls a second.
// Everybody gets a challenge in time and signs in with it: those whose function
// has no key yet get no list of passkeys, whether they have any or not.
func TestSignInsThroughColdFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := journey.New(t)
		store := s.Store.(*passkeytest.Memory)
		store.SetClient(journey.ClientID, s.Client)
		parameters := newParameterStore(t, secret.Symmetric)
		users, authenticators := make([]journey.User, coldFunctions), make([]*passkeytest.Authenticator, coldFunctions)
		for i := range coldFunctions {
			users[i], authenticators[i] = s.NewUser(fmt.Sprintf("%s-%d", userSub, i)), passkeytest.NewSynced(journey.Origin)
			if i%2 == 0 { // the others have none, and get a false list or none
				s.Register(t, users[i], authenticators[i])
			}
		}
		var all sync.WaitGroup
		lists := make([]bool, coldFunctions)
		for i := range coldFunctions {
			conversation, err := customauth.NewCreate(customauth.Define{}, credentials.NewDirectory(store, s.Now), s.Now,
				passkey.Issuer{Decoys: &passkey.Decoys{Key: parameters.cold(t).Current}})
			if err != nil {
				t.Fatal(err)
			}
			create := trigger.Create{Conversation: conversation, Telemetry: recorder()}
			all.Go(func() {
				started := time.Now()
				created, err := create.Handle(t.Context(), createEvent(users[i]))
				if err != nil || time.Since(started) > trigger.Budget {
					t.Errorf("no challenge after %s: %v", time.Since(started), err)
					return
				}
				session := &journey.Session{
					User: users[i], ClientID: journey.ClientID, Metadata: created.Response.ChallengeMetadata,
					Public: created.Response.PublicChallengeParameters, Private: created.Response.PrivateChallengeParameters,
				}
				lists[i] = strings.Contains(string(session.Options()), `"credentials"`)
				if i%2 == 0 && !s.Answer(t, session, journey.Assert(t, authenticators[i], session.Options()), nil) {
					t.Error("a good answer was refused")
				}
			})
		}
		all.Wait()
		if with := count(lists); with == 0 || with == coldFunctions {
			t.Errorf("%d of %d got a list: SSM was no obstacle", with, coldFunctions)
		}
	})
}

// createEvent is what Cognito sends to Create at the beginning of a session.
func createEvent(u journey.User) trigger.CreateEvent {
	var event trigger.CreateEvent
	event.TriggerSource = "CreateAuthChallenge_Authentication"
	event.UserPoolID, event.UserName, event.CallerContext.ClientID = journey.PoolID, u.Name, journey.ClientID
	event.Request.UserAttributes, event.Request.ChallengeName = u.Attributes, customauth.CustomChallenge
	return event
}

// Options without a user name need the key: each call gets them or an error to
// retry, and every function has its key in the end.
func TestOptionsFromColdFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parameters := newParameterStore(t, secret.Signing)
		handlers := make([]*api.Handler, coldFunctions)
		for i := range handlers {
			handlers[i] = &api.Handler{
				RelyingParty:     webauthn.RelyingParty{ID: journey.RelyingPartyID, Name: "Example", Origins: []string{journey.Origin}},
				UserVerification: webauthn.UserVerificationRequired,
				UserPoolID:       journey.PoolID,
				Stamps:           parameters.cold(t),
				Now:              time.Now,
				Telemetry:        recorder(),
			}
		}
		for tries := 1; ; tries++ {
			answered := make([]bool, coldFunctions)
			var all sync.WaitGroup
			for i, h := range handlers {
				all.Go(func() {
					r, err := h.Handle(t.Context(), httpapi.Event{RouteKey: routes.SignInOptions.Key(), Body: "{}"})
					answered[i] = r.StatusCode == http.StatusOK
					if err != nil || !answered[i] && journey.Code(t, r) != "503 try_again" {
						t.Errorf("answers %d %s, error %v", r.StatusCode, r.Body, err)
					}
				})
			}
			all.Wait()
			n := count(answered)
			if n == coldFunctions {
				if tries == 1 {
					t.Error("SSM was no obstacle")
				}
				return
			}
			if tries == 10 {
				t.Fatalf("after %d tries %d of %d have options", tries, n, coldFunctions)
			}
			time.Sleep(time.Second)
		}
	})
}

func count(list []bool) int {
	n := 0
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
}
