package userpool_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/pquerna/otp/totp"
)

const verifier = types.ChallengeNameTypePasswordVerifier

// srpOutcome is what the client library made of a sign-in.
type srpOutcome struct{ AccessToken, Error, Message, Challenge string }

// srpClient installs amazon-cognito-identity-js and returns a function that signs in by it.
func srpClient(t *testing.T) func(f *fixture, input map[string]string) srpOutcome {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "srpclient"))); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("installing the client library: %v\n%s", err, out)
	}
	return func(f *fixture, input map[string]string) srpOutcome {
		f.Helper()
		input["endpoint"], input["userPoolId"], input["clientId"] = f.endpoint, poolID, publicID
		stdin, err := json.Marshal(input)
		if err != nil {
			f.Fatal(err)
		}
		signIn := exec.CommandContext(f.Context(), "node", "signin.mjs")
		signIn.Dir, signIn.Stdin = dir, bytes.NewReader(stdin)
		signIn.Stderr = f.Output()
		out, err := signIn.Output()
		if err != nil {
			f.Fatalf("running the client library: %v", err)
		}
		var outcome srpOutcome
		if err := json.Unmarshal(out, &outcome); err != nil {
			f.Fatalf("%v: %s", err, out)
		}
		return outcome
	}
}

func TestSRPByTheClientLibrary(t *testing.T) {
	signIn := srpClient(t)
	f := newFixture(t, emailPool)
	sub := f.signUp(address)
	must[*cognito.AdminCreateUserOutput](t)(f.api.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(poolID), Username: aws.String("bob@example.com"), TemporaryPassword: aws.String("Temporary-1"),
	}))
	f.signUp("carol@example.com")
	f.enableTOTP("carol@example.com")

	for _, tc := range []struct {
		name  string
		input map[string]string
		want  srpOutcome // without the token
	}{
		{"accepts the password", map[string]string{"username": address, "password": password}, srpOutcome{}},
		{"accepts the sub for a name", map[string]string{"username": sub, "password": password}, srpOutcome{}},
		{"rejects a wrong password", map[string]string{"username": address, "password": "Wrong-Horse-1"},
			srpOutcome{Error: "NotAuthorizedException", Message: "Incorrect username or password."}},
		{"rejects a stranger in the same words", map[string]string{"username": stranger, "password": password},
			srpOutcome{Error: "NotAuthorizedException", Message: "Incorrect username or password."}},
		{"asks for a new password", map[string]string{"username": "bob@example.com", "password": "Temporary-1", "newPassword": password},
			srpOutcome{}},
		{"asks for the authenticator app", map[string]string{"username": "carol@example.com", "password": password},
			srpOutcome{Challenge: "SOFTWARE_TOKEN_MFA"}},
		{"goes on to the triggers", map[string]string{"username": address, "password": password, "flow": "CUSTOM_AUTH", "answer": "swordfish"},
			srpOutcome{}},
		{"rejects a wrong password before the triggers", map[string]string{"username": address, "password": "Wrong-Horse-1",
			"flow": "CUSTOM_AUTH"}, srpOutcome{Error: "NotAuthorizedException", Message: "Incorrect username or password."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.input["flow"] == "" {
				tc.input["flow"] = "USER_SRP_AUTH"
			}
			got := signIn(f, tc.input)
			wantTokens := tc.want == srpOutcome{}
			if hasTokens := got.AccessToken != ""; hasTokens != wantTokens {
				t.Fatalf("tokens %t, want %t: %+v", hasTokens, wantTokens, got)
			}
			if got.AccessToken = ""; got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestSRPForSomeoneWhoDoesNotExist(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	start := func(name string) map[string]string {
		out := must[*cognito.InitiateAuthOutput](t)(f.initiate(publicID, types.AuthFlowTypeUserSrpAuth,
			map[string]string{"USERNAME": name, "SRP_A": "2"}))
		return out.ChallengeParameters
	}
	real, one, two := start(address), start(stranger), start(stranger)
	for name := range real {
		if len(one[name]) == 0 || name != "SRP_B" && len(one[name]) != len(real[name]) {
			t.Errorf("%s is %q for a stranger and %q for a user", name, one[name], real[name])
		}
	}
	if one["SALT"] != two["SALT"] || one["USER_ID_FOR_SRP"] != two["USER_ID_FOR_SRP"] {
		t.Error("a stranger's salt or name changes from one time to the next")
	}
}

func TestSRPRefuses(t *testing.T) {
	f := newFixture(t, emailPool)
	sub := f.signUp(address)
	const prime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
	for name, a := range map[string]string{"zero": "0", "the prime": prime, "a negative number": "-2", "no number": "xyz", "too much": prime + prime} {
		t.Run("rejects "+name+" for A", func(t *testing.T) {
			_, err := f.initiate(publicID, types.AuthFlowTypeUserSrpAuth, map[string]string{"USERNAME": address, "SRP_A": a})
			wantError(t, err, "InvalidParameterException", "SRP_A is")
		})
	}
	answer := func(block, timestamp, signature string) error {
		_, err := f.respond(verifier, "", map[string]string{"USERNAME": sub, "PASSWORD_CLAIM_SECRET_BLOCK": block,
			"TIMESTAMP": timestamp, "PASSWORD_CLAIM_SIGNATURE": signature})
		return err
	}
	start := func() string {
		out := must[*cognito.InitiateAuthOutput](t)(f.initiate(publicID, types.AuthFlowTypeUserSrpAuth,
			map[string]string{"USERNAME": address, "SRP_A": "2"}))
		return out.ChallengeParameters["SECRET_BLOCK"]
	}
	now := time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	wantError(t, answer(start(), now, "AAAA"), "NotAuthorizedException", "Incorrect username or password.")
	wantError(t, answer(start(), now, "%"), "NotAuthorizedException", "Incorrect username or password.")
	wantError(t, answer(start(), time.Now().Format(time.RFC3339), "AAAA"), "InvalidParameterException", "TIMESTAMP format")
	wantError(t, answer("AAAA", now, "AAAA"), "NotAuthorizedException", "Invalid session")
}

// enableTOTP pairs a user with an authenticator app and returns its secret.
func (f *fixture) enableTOTP(name string) (secret string) {
	f.Helper()
	access := f.tokens(name).AccessToken
	secret = *must[*cognito.AssociateSoftwareTokenOutput](f)(f.api.AssociateSoftwareToken(f.Context(),
		&cognito.AssociateSoftwareTokenInput{AccessToken: access})).SecretCode
	_, err := f.api.VerifySoftwareToken(f.Context(), &cognito.VerifySoftwareTokenInput{AccessToken: access, UserCode: f.passcode(secret)})
	if err != nil {
		f.Fatal(err)
	}
	_, err = f.api.SetUserMFAPreference(f.Context(), &cognito.SetUserMFAPreferenceInput{AccessToken: access,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true}})
	if err != nil {
		f.Fatal(err)
	}
	return secret
}

func (f *fixture) passcode(secret string) *string {
	f.Helper()
	code := must[string](f)(totp.GenerateCode(secret, f.options().Now()))
	return &code
}
