package userpool_test

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

const customChallenge = types.ChallengeNameTypeCustomChallenge

func (f *fixture) startCustom(name string) (*cognito.InitiateAuthOutput, error) {
	return f.api.InitiateAuth(f.Context(), &cognito.InitiateAuthInput{
		ClientId: aws.String(publicID), AuthFlow: types.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": name},
		ClientMetadata: map[string]string{"from": "initiate"},
	})
}

func (f *fixture) answer(name, session, answer string) (*cognito.RespondToAuthChallengeOutput, error) {
	return f.respond(customChallenge, session, map[string]string{"USERNAME": name, "ANSWER": answer})
}

func TestCustomAuthRightAtSecondTry(t *testing.T) {
	f := newFixture(t, emailPool)
	sub := f.signUp(address)

	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom("Alice@example.com"))
	want := map[string]string{"question": "password?", "USERNAME": sub}
	if start.ChallengeName != customChallenge || !reflect.DeepEqual(start.ChallengeParameters, want) {
		t.Fatalf("challenge %s %v, want %v and nothing private", start.ChallengeName, start.ChallengeParameters, want)
	}
	second := must[*cognito.RespondToAuthChallengeOutput](t)(f.answer(address, *start.Session, "perch"))
	if second.ChallengeName != customChallenge || *second.Session == *start.Session {
		t.Fatalf("after a wrong answer: %s in the same session %t", second.ChallengeName, *second.Session == *start.Session)
	}
	last := must[*cognito.RespondToAuthChallengeOutput](t)(f.answer(sub, *second.Session, "swordfish"))
	if last.AuthenticationResult == nil {
		t.Fatalf("no tokens but %s", last.ChallengeName)
	}
	checkCustomEvents(t, f.takeEvents(), sub)
}

// checkCustomEvents checks what the triggers saw of a sign-in that was right at the second try.
func checkCustomEvents(t *testing.T, events []event, sub string) {
	t.Helper()
	var sources []string
	for i, e := range events {
		sources = append(sources, e["triggerSource"].(string))
		caller := map[string]any{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": publicID}
		if e["version"] != "1" || e["region"] != "us-east-1" || e["userPoolId"] != poolID || e["userName"] != sub ||
			!reflect.DeepEqual(e["callerContext"], caller) {
			t.Errorf("event %d: %v", i, e)
		}
		attributes := map[string]any{"sub": sub, "email": address, "email_verified": "true", "cognito:user_status": "CONFIRMED"}
		if !reflect.DeepEqual(e.request()["userAttributes"], attributes) || e.request()["userNotFound"] != false {
			t.Errorf("event %d: request %v, want attributes %v", i, e.request(), attributes)
		}
		metadata, _ := e.request()["clientMetadata"].(map[string]any)
		if fromInitiate := i < 2; fromInitiate && len(metadata) != 0 || !fromInitiate && metadata["from"] != "respond" {
			t.Errorf("event %d: client metadata %v", i, metadata)
		}
	}
	want := []string{
		"DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
		"VerifyAuthChallengeResponse_Authentication", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
		"VerifyAuthChallengeResponse_Authentication", "DefineAuthChallenge_Authentication",
	}
	if !slices.Equal(sources, want) {
		t.Fatalf("triggers %q, want %q", sources, want)
	}
	round := func(right bool) map[string]any {
		return map[string]any{"challengeName": "CUSTOM_CHALLENGE", "challengeMetadata": "round", "challengeResult": right}
	}
	for i, session := range map[int][]any{0: {}, 1: {}, 3: {round(false)}, 4: {round(false)}, 6: {round(false), round(true)}} {
		if got := events[i].request()["session"]; !reflect.DeepEqual(got, session) {
			t.Errorf("event %d: session %v, want %v", i, got, session)
		}
	}
}

func TestCustomAuthForSomeoneWhoDoesNotExist(t *testing.T) {
	f := newFixture(t, emailPool)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom(stranger))
	made := start.ChallengeParameters["USERNAME"]
	again := must[*cognito.InitiateAuthOutput](t)(f.startCustom("NoBody@example.com"))
	other := must[*cognito.InitiateAuthOutput](t)(f.startCustom("nobody2@example.com"))
	if !uuid.MatchString(made) || again.ChallengeParameters["USERNAME"] != made || other.ChallengeParameters["USERNAME"] == made {
		t.Errorf("made-up names %s, %s and %s", made, again.ChallengeParameters["USERNAME"], other.ChallengeParameters["USERNAME"])
	}
	_, err := f.answer(made, *start.Session, "swordfish") // the triggers would issue tokens
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	for _, e := range f.takeEvents() {
		if e.request()["userNotFound"] != true || len(e.request()["userAttributes"].(map[string]any)) != 0 {
			t.Errorf("%s got %v", e["triggerSource"], e.request())
		}
	}
	_, err = f.initiate(legacyID, types.AuthFlowTypeCustomAuth, map[string]string{"USERNAME": stranger})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestSessions(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	f.signUp("bob@example.com")
	for _, tc := range []struct {
		name      string
		answer    func(session string) error
		exception string
		words     string
	}{
		{"rejects a session that was used", func(session string) error {
			must[*cognito.RespondToAuthChallengeOutput](t)(f.answer(address, session, "perch"))
			_, err := f.answer(address, session, "swordfish")
			return err
		}, "NotAuthorizedException", "session can only be used once"},
		{"rejects a session that was tampered with", func(session string) error {
			_, err := f.answer(address, session+"x", "swordfish")
			return err
		}, "NotAuthorizedException", "Invalid session"},
		{"rejects an expired session", func(session string) error {
			f.advance(3*time.Minute + time.Second)
			_, err := f.answer(address, session, "swordfish")
			return err
		}, "NotAuthorizedException", "Invalid session for the user, session"},
		{"rejects another user's session", func(session string) error {
			_, err := f.answer("bob@example.com", session, "swordfish")
			return err
		}, "NotAuthorizedException", "Incorrect username or password."},
		{"rejects another client's session", func(session string) error {
			_, err := f.api.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
				ClientId: aws.String(legacyID), ChallengeName: customChallenge, Session: &session,
				ChallengeResponses: map[string]string{"USERNAME": address, "ANSWER": "swordfish"},
			})
			return err
		}, "NotAuthorizedException", "Invalid session"},
		{"rejects a session in another challenge", func(session string) error {
			_, err := f.respond(types.ChallengeNameTypeNewPasswordRequired, session,
				map[string]string{"USERNAME": address, "NEW_PASSWORD": password})
			return err
		}, "NotAuthorizedException", "Invalid session"},
		{"rejects a missing answer", func(session string) error {
			_, err := f.respond(customChallenge, session, map[string]string{"USERNAME": address})
			return err
		}, "InvalidParameterException", "Missing required parameter ANSWER"},
		{"rejects a user disabled in between", func(session string) error {
			in := &cognito.AdminDisableUserInput{UserPoolId: aws.String(poolID), Username: aws.String(address)}
			must[*cognito.AdminDisableUserOutput](t)(f.api.AdminDisableUser(t.Context(), in))
			_, err := f.answer(address, session, "swordfish")
			return err
		}, "NotAuthorizedException", "User is disabled."},
		{"rejects a disabled user at the start", func(string) error {
			_, err := f.startCustom(address)
			return err
		}, "NotAuthorizedException", "User is disabled."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			session := ""
			if start, err := f.startCustom(address); err == nil {
				session = *start.Session
			}
			wantError(t, tc.answer(session), tc.exception, tc.words)
		})
	}
}

func TestOneSessionGivesTokensOnce(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	var signedIn atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := f.answer(address, *start.Session, "swordfish"); err == nil {
				signedIn.Add(1)
			}
		})
	}
	all.Wait()
	if n := signedIn.Load(); n != 1 {
		t.Errorf("%d of 20 simultaneous answers gave tokens, want 1", n)
	}
}

func TestTriggerAnswersThatMakeNoSense(t *testing.T) {
	for _, tc := range []struct {
		name      string
		trigger   string
		response  properties
		exception string
		words     string
	}{
		{"rejects tokens and failure at once", "define", properties{"issueTokens": true, "failAuthentication": true},
			"InvalidLambdaResponseException", "exactly one of"},
		{"rejects tokens and a challenge at once", "define", properties{"issueTokens": true, "challengeName": "CUSTOM_CHALLENGE"},
			"InvalidLambdaResponseException", "exactly one of"},
		{"rejects no decision", "define", properties{}, "InvalidLambdaResponseException", "exactly one of"},
		{"rejects another challenge", "define", properties{"challengeName": "SMS_MFA"}, "InvalidLambdaResponseException", "SMS_MFA"},
		{"rejects a failure", "define", properties{"failAuthentication": true}, "NotAuthorizedException", "Incorrect username or password."},
		{"rejects a challenge without public parameters", "create", properties{"privateChallengeParameters": properties{"a": "b"}},
			"InvalidLambdaResponseException", "publicChallengeParameters"},
		{"rejects a parameter that is no text", "create", properties{"publicChallengeParameters": properties{"a": 1}},
			"InvalidLambdaResponseException", "CreateAuthChallenge"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, emailPool)
			f.signUp(address)
			f.triggers[tc.trigger] = func(context.Context, event) (properties, error) { return tc.response, nil }
			_, err := f.startCustom(address)
			wantError(t, err, tc.exception, tc.words)
		})
	}
}

func TestTriggerErrors(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	verify := f.triggers["verify"]
	calls := 0
	f.triggers["verify"] = func(ctx context.Context, e event) (properties, error) {
		if calls++; calls < 3 {
			return nil, &userpool.FunctionError{Type: "errorString", Message: "throttled"}
		}
		return verify(ctx, e)
	}
	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	if _, err := f.answer(address, *start.Session, "swordfish"); err != nil || calls != 3 {
		t.Errorf("after two failures of the trigger: %v, %d calls", err, calls)
	}

	calls = -100
	start = must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	_, err := f.answer(address, *start.Session, "swordfish")
	wantError(t, err, "UserLambdaValidationException", "VerifyAuthChallengeResponse failed with error throttled.")
	if calls != -97 {
		t.Errorf("%d calls, want three", calls+100)
	}
	f.triggers["verify"] = func(context.Context, event) (properties, error) { return nil, errors.New("connection refused") }
	start = must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	_, err = f.answer(address, *start.Session, "swordfish")
	wantError(t, err, "UnexpectedLambdaException", "VerifyAuthChallengeResponse invocation failed")
}

func TestTriggerHasThreeTimesFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newUnserved(t, emailPool)
		f.signUp(address)
		f.triggers["define"] = func(ctx context.Context, _ event) (properties, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		before := time.Now()
		_, err := f.startCustom(address)
		wantError(t, err, "UnexpectedLambdaException", "DefineAuthChallenge invocation failed due to error context deadline exceeded.")
		if took := time.Since(before); took != 15*time.Second {
			t.Errorf("took %s, want three times 5 s", took)
		}
	})
}

func TestOthersAreServedWhileATriggerRuns(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	f.signUp("bob@example.com")
	define := f.triggers["define"]
	running, done := make(chan struct{}), make(chan struct{})
	f.triggers["define"] = func(ctx context.Context, e event) (properties, error) {
		close(running)
		<-done
		return define(ctx, e)
	}
	result := make(chan error, 1)
	go func() {
		_, err := f.startCustom(address)
		result <- err
	}()
	<-running
	f.tokens("bob@example.com")
	close(done)
	if err := <-result; err != nil {
		t.Fatal(err)
	}
}

func TestCustomAuthNeedsItsTriggers(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"LambdaConfig": properties{}}))
	f.signUp(address)
	_, err := f.startCustom(address)
	wantError(t, err, "InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool.")
}

func TestCustomAuthRefusesUsersWhoCannotSignInYet(t *testing.T) {
	f := newFixture(t, emailPool)
	must[*cognito.SignUpOutput](t)(f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: aws.String(address), Password: aws.String(password),
	}))
	_, err := f.startCustom(address)
	wantError(t, err, "UserNotConfirmedException", "User is not confirmed.")
	must[*cognito.AdminCreateUserOutput](t)(f.api.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(poolID), Username: aws.String("bob@example.com"),
	}))
	_, err = f.startCustom("bob@example.com")
	wantError(t, err, "NotAuthorizedException", "FORCE_CHANGE_PASSWORD")
}

func TestSessionOfADeletedUserIsNotTheNextOnes(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"UsernameAttributes": nil}))
	pool, name := aws.String(poolID), aws.String("alice")
	create := func() {
		must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{Username: name, UserAttributes: attributes("email", address)}))
		must[*cognito.AdminSetUserPasswordOutput](t)(f.api.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
			UserPoolId: pool, Username: name, Password: aws.String(password), Permanent: true,
		}))
	}
	create()
	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom(*name))
	must[*cognito.AdminDeleteUserOutput](t)(f.api.AdminDeleteUser(t.Context(), &cognito.AdminDeleteUserInput{UserPoolId: pool, Username: name}))
	create()
	_, err := f.answer(*name, *start.Session, "swordfish")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
}
