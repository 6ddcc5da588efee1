package httpapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

const subA = "5f0c8d2e-0000-4000-8000-00000000000a"

// pool answers GetUser on loopback as Cognito does, with one status and body.
func pool(t *testing.T, status int, body any) httpapi.UserPool {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request map[string]string
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request["AccessToken"] != "token" {
			t.Errorf("the pool was sent %v", request)
		}
		if got, want := r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.GetUser"; got != want {
			t.Errorf("the call is %s, want %s", got, want)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.NewUserPool(cfg)
}

func TestAccountHoldsTheAttributes(t *testing.T) {
	account, err := pool(t, http.StatusOK, map[string]any{
		"Username": subA, "UserAttributes": []map[string]string{{"Name": "sub", "Value": subA}, {"Name": "email_verified", "Value": "true"}},
	}).Account(t.Context(), "token")
	if err != nil || len(account.Attributes) != 2 || account.Attributes["sub"] != subA || account.Attributes["email_verified"] != "true" {
		t.Errorf("account %v, error %v", account, err)
	}
}

func TestAccountTellsRefusalsFromFaults(t *testing.T) {
	for _, c := range []struct {
		exception string
		status    int
		refused   bool
	}{
		{"NotAuthorizedException", http.StatusBadRequest, true}, // revoked, expired, disabled or none of this pool
		{"UserNotFoundException", http.StatusBadRequest, true},
		{"UserNotConfirmedException", http.StatusBadRequest, true},
		{"PasswordResetRequiredException", http.StatusBadRequest, true},
		{"InvalidParameterException", http.StatusBadRequest, true}, // no token at all
		{"TooManyRequestsException", http.StatusBadRequest, false},
		{"InternalErrorException", http.StatusInternalServerError, false},
		{"ForbiddenException", http.StatusBadRequest, false}, // a web ACL's
	} {
		t.Run(c.exception, func(t *testing.T) {
			_, err := pool(t, c.status, map[string]string{"__type": c.exception, "message": "no"}).Account(t.Context(), "token")
			if err == nil || errors.Is(err, httpapi.ErrTokenRefused) != c.refused {
				t.Errorf("error %v, want a refusal: %t", err, c.refused)
			}
		})
	}
}
