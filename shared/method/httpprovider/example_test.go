package httpprovider_test

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// exampleID describes a service that opens a session for an e-mail address:
//
//	POST /v1/sessions         {"subject": {"email": …}, "kind": "login"}
//	  201 {"data": {"sessions": [{"id": …}]}}
//	  422 {"error": {"code": "unknown_subject"}}
//	POST /v1/sessions/verify  {"session": {"id": …}, "token": …}
//	  200 {"data": {"status": "approved", "subject": {"email": …, "email_verified": true}}}
//	  200 {"data": {"status": "denied"}}
func exampleID(baseURL string) service.Description {
	return service.Description{
		Method:     "http",
		Service:    "Example ID",
		BaseURL:    baseURL,
		Header:     "X-Api-Key",
		Identifier: service.Email,
		Transaction: &service.Transaction{
			Path:      "/v1/sessions",
			User:      "/subject/email",
			Constants: map[jsontext.Pointer]string{"/kind": "login"},
			ID:        "/data/sessions/0/id",
			Parameter: "exampleSession",
			Unknown:   []service.Match{{Status: 422, Field: "/error/code", Value: "unknown_subject"}},
			Form:      "alphanumeric:26",
		},
		Verification: service.Verification{
			Path:        "/v1/sessions/verify",
			Answer:      "/token",
			Transaction: "/session/id",
			Refused: []service.Match{
				{Field: "/data/status", Value: "denied"},
				{Field: "/data/subject/email_verified", Value: "false"},
			},
			Accepted: service.Match{Field: "/data/status", Value: "approved"},
			Returned: "/data/subject/email",
		},
	}
}

// A further service needs a configuration and no code. The method that New
// returns is both an Issuer of customauth.NewCreate and the opaque Checker of
// customauth.Verify.
func ExampleNew() {
	method, err := httpprovider.New(exampleID("https://id.example.com"), func(context.Context) (secret.Text, error) {
		return secret.NewText("from a SecureString parameter, by secret.TextParameter"), nil
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(method.Method(), method.Parameters())
	// Output: http [exampleSession]
}
