package userpool_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

const signature = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/cognito-idp/aws4_request"

// send posts a body to an operation and returns the answer.
func send(p *userpool.Pool, operation, authorization, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestBadRequests(t *testing.T) {
	f := newUnserved(t, emailPool)
	for _, tc := range []struct{ name, operation, authorization, body, exception, words string }{
		{"rejects an operation it doesn't know, by name", "CreateUserPool", "", `{}`, "UnknownOperationException", `"CreateUserPool"`},
		{"rejects an unsigned admin operation", "AdminGetUser", "", `{}`, "MissingAuthenticationTokenException", "AdminGetUser"},
		{"rejects no body", "SignUp", "", ``, "InvalidParameterException", "EOF"},
		{"rejects what is no JSON", "SignUp", "", `<x/>`, "InvalidParameterException", "reading the request"},
		{"rejects a list", "SignUp", "", `[]`, "InvalidParameterException", "array"},
		{"rejects two values", "SignUp", "", `{}{}`, "InvalidParameterException", "more than one"},
		{"rejects a member it doesn't know, by name", "SignUp", "", `{"Nickname":"x"}`, "InvalidParameterException", "Nickname"},
		{"rejects a member of the wrong type", "SignUp", "", `{"Username":1}`, "InvalidParameterException", "Username"},
		{"rejects a deep body", "SignUp", "", strings.Repeat(`[`, 100_000), "InvalidParameterException", "reading"},
		{"rejects a long body", "SignUp", "", strings.Repeat(` `, 2<<20), "InvalidParameterException", "too large"},
		{"rejects null", "InitiateAuth", "", `null`, "ResourceNotFoundException", "client"},
		{"rejects another pool", "ListUsers", signature, `{}`, "ResourceNotFoundException", "User pool"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := send(f.pool, tc.operation, tc.authorization, tc.body)
			var answer struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if w.Code != http.StatusBadRequest || answer.Type != tc.exception || w.Header().Get("X-Amzn-Errortype") != tc.exception ||
				!strings.Contains(answer.Message, tc.words) {
				t.Errorf("%d %s %s, want %s %q", w.Code, w.Header().Get("X-Amzn-Errortype"), w.Body, tc.exception, tc.words)
			}
		})
	}
}

func TestOnlyPOST(t *testing.T) {
	w := httptest.NewRecorder()
	newUnserved(t, emailPool).pool.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "POST") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPagesOfThisMachineMayCall(t *testing.T) {
	f := newUnserved(t, emailPool)
	for origin, allowed := range map[string]bool{
		"http://localhost:8080": true, "http://127.0.0.1:8080": true, "http://app.localhost:3000": true, "https://[::1]:3000": true,
		"https://example.com": false, "http://localhost.example.com": false, "null": false, "": false, "file://localhost": false,
	} {
		t.Run("origin "+origin, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodOptions, "/", nil)
			r.Header.Set("Origin", origin)
			w := httptest.NewRecorder()
			f.pool.ServeHTTP(w, r)
			got := w.Header().Get("Access-Control-Allow-Origin")
			if want := map[bool]string{true: origin}[allowed]; got != want || w.Code != http.StatusNoContent {
				t.Errorf("%d, allowed origin %q, want %q", w.Code, got, want)
			}
			headers := w.Header().Get("Access-Control-Allow-Headers")
			if allowed && (!strings.Contains(headers, "X-Amz-Target") || strings.Contains(headers, "Authorization") ||
				!strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "X-Amzn-Errortype")) {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// FuzzServeHTTP holds that nothing a client sends is a fault of the server: every answer is JSON, 200 or 400.
func FuzzServeHTTP(f *testing.F) {
	p, err := userpool.New(poolID, emailPool.json(f), userpool.Options{
		Region: "us-east-1", AccountID: "000000000000", Invoke: (&fixture{triggers: passThrough()}).invoke,
	})
	if err != nil {
		f.Fatal(err)
	}
	// The client may write everything and a user exists, so that inputs reach far.
	if err := p.AddClient(publicID, publicClient.with(properties{"WriteAttributes": nil, "ReadAttributes": nil}).json(f)); err != nil {
		f.Fatal(err)
	}
	f.Add("AdminCreateUser", `{"UserPoolId":"`+poolID+`","Username":"alice@example.com","TemporaryPassword":"Correct-Horse-1"}`)
	f.Add("AdminSetUserPassword", `{"UserPoolId":"`+poolID+`","Username":"alice@example.com","Password":"Correct-Horse-1","Permanent":true}`)
	f.Add("AdminInitiateAuth", `{"UserPoolId":"`+poolID+`","ClientId":"publicclient","AuthFlow":"CUSTOM_AUTH","AuthParameters":{"USERNAME":"a"}}`)
	f.Add("AdminRespondToAuthChallenge", `{"UserPoolId":"`+poolID+`","ClientId":"publicclient","ChallengeName":"CUSTOM_CHALLENGE"}`)
	f.Add("ListUsers", `{"UserPoolId":"`+poolID+`","Filter":"email ^= \"a\"","Limit":1,"PaginationToken":"x"}`)
	f.Add("SignUp", `{"ClientId":"publicclient","Username":"bob@example.com","Password":"Correct-Horse-1","UserAttributes":[{"Name":"updated_at","Value":"007"}]}`)
	f.Add("ConfirmSignUp", `{"ClientId":"publicclient","Username":"bob@example.com","ConfirmationCode":"123456"}`)
	f.Add("ResendConfirmationCode", `{"ClientId":"publicclient","Username":"bob@example.com"}`)
	f.Add("InitiateAuth", `{"ClientId":"publicclient","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"alice@example.com","PASSWORD":"Correct-Horse-1"}}`)
	f.Add("InitiateAuth", `{"ClientId":"publicclient","AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"alice@example.com","SRP_A":"ff"}}`)
	f.Add("InitiateAuth", `{"ClientId":"publicclient","AuthFlow":"CUSTOM_AUTH","AuthParameters":{"USERNAME":"x","CHALLENGE_NAME":"SRP_A","SRP_A":"2"}}`)
	f.Add("InitiateAuth", `{"ClientId":"publicclient","AuthFlow":"REFRESH_TOKEN_AUTH","AuthParameters":{"REFRESH_TOKEN":"a.b"}}`)
	f.Add("RespondToAuthChallenge", `{"ClientId":"publicclient","ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"x"}}`)
	f.Add("ForgotPassword", `{"ClientId":"publicclient","Username":"+1"}`)
	f.Add("ConfirmForgotPassword", `{"ClientId":"publicclient","Username":"a","ConfirmationCode":"1","Password":"Correct-Horse-1"}`)
	f.Add("GetUser", `{"AccessToken":"a.b.c"}`)
	f.Add("RevokeToken", `{"ClientId":"publicclient","Token":"x"}`)
	f.Add("GetTokensFromRefreshToken", `{"ClientId":"publicclient","RefreshToken":"x"}`)
	f.Add("SetUserMFAPreference", `{"AccessToken":"x","SoftwareTokenMfaSettings":null}`)
	f.Fuzz(func(t *testing.T, operation, body string) {
		w := send(p, operation, signature, body)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", operation, body, w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: answer is no JSON: %s", operation, body, w.Body)
		}
	})
}
