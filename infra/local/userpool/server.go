package userpool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	targetPrefix = "AWSCognitoIdentityProviderService."
	contentType  = "application/x-amz-json-1.1"

	// maxBody leaves room for the longest single parameter that Cognito takes, 131,072 characters, in any escaping.
	maxBody = 1 << 20

	headerErrorType = "X-Amzn-Errortype"
	headerRequestID = "X-Amzn-Requestid"
)

// operation is one operation of the API.
type operation struct {
	needsSignature bool // AWS serves it to callers with IAM credentials only
	run            func(p *Pool, c *call, body []byte) (any, error)
}

// call is one request on its way through an operation.
type call struct {
	ctx   context.Context
	mails []Message // sent when the operation is over
}

func public[In, Out any](f func(*Pool, *call, In) (Out, error)) operation {
	return operation{run: func(p *Pool, c *call, body []byte) (any, error) {
		var in In
		if err := decodeStrictly(body, &in); err != nil {
			return nil, fail(invalidParameter, "reading the request: %v", err)
		}
		return f(p, c, in)
	}}
}

// poolRequest is an input that names the pool it is for.
type poolRequest interface{ poolID() string }

// forPool is the UserPoolId of an admin operation.
type forPool struct{ UserPoolId string }

func (f forPool) poolID() string { return f.UserPoolId }

func admin[In poolRequest, Out any](f func(*Pool, *call, In) (Out, error)) operation {
	o := public(func(p *Pool, c *call, in In) (Out, error) {
		if in.poolID() != p.id {
			var none Out
			return none, fail(resourceNotFound, "User pool %s does not exist.", in.poolID())
		}
		return f(p, c, in)
	})
	o.needsSignature = true
	return o
}

// operations: name, as in X-Amz-Target → what serves it.
var operations = map[string]operation{
	"AddCustomAttributes":              admin((*Pool).addCustomAttributes),
	"AdminConfirmSignUp":               admin((*Pool).adminConfirmSignUp),
	"AdminCreateUser":                  admin((*Pool).adminCreateUser),
	"AdminDeleteUser":                  admin((*Pool).adminDeleteUser),
	"AdminDisableUser":                 admin((*Pool).adminDisableUser),
	"AdminEnableUser":                  admin((*Pool).adminEnableUser),
	"AdminGetUser":                     admin((*Pool).adminGetUser),
	"AdminInitiateAuth":                admin((*Pool).adminInitiateAuth),
	"AdminRespondToAuthChallenge":      admin((*Pool).adminRespondToAuthChallenge),
	"AdminSetUserMFAPreference":        admin((*Pool).adminSetUserMFAPreference),
	"AdminSetUserPassword":             admin((*Pool).adminSetUserPassword),
	"AdminUserGlobalSignOut":           admin((*Pool).adminUserGlobalSignOut),
	"AssociateSoftwareToken":           public((*Pool).associateSoftwareToken),
	"ChangePassword":                   public((*Pool).changePassword),
	"CompleteWebAuthnRegistration":     public((*Pool).completeWebAuthnRegistration),
	"ConfirmForgotPassword":            public((*Pool).confirmForgotPassword),
	"ConfirmSignUp":                    public((*Pool).confirmSignUp),
	"DeleteUser":                       public((*Pool).deleteUser),
	"DeleteUserAttributes":             public((*Pool).deleteUserAttributes),
	"DeleteWebAuthnCredential":         public((*Pool).deleteWebAuthnCredential),
	"DescribeUserPool":                 admin((*Pool).describeUserPool),
	"DescribeUserPoolClient":           admin((*Pool).describeUserPoolClient),
	"ForgotPassword":                   public((*Pool).forgotPassword),
	"GetTokensFromRefreshToken":        public((*Pool).getTokensFromRefreshToken),
	"GetUser":                          public((*Pool).getUser),
	"GetUserAttributeVerificationCode": public((*Pool).getUserAttributeVerificationCode),
	"GetUserAuthFactors":               public((*Pool).getUserAuthFactors),
	"GlobalSignOut":                    public((*Pool).globalSignOut),
	"InitiateAuth":                     public((*Pool).initiateAuth),
	"ListUserPoolClients":              admin((*Pool).listUserPoolClients),
	"ListUsers":                        admin((*Pool).listUsers),
	"ListWebAuthnCredentials":          public((*Pool).listWebAuthnCredentials),
	"ResendConfirmationCode":           public((*Pool).resendConfirmationCode),
	"RespondToAuthChallenge":           public((*Pool).respondToAuthChallenge),
	"RevokeToken":                      public((*Pool).revokeToken),
	"SetUserMFAPreference":             public((*Pool).setUserMFAPreference),
	"SignUp":                           public((*Pool).signUp),
	"StartWebAuthnRegistration":        public((*Pool).startWebAuthnRegistration),
	"UpdateUserAttributes":             public((*Pool).updateUserAttributes),
	"UpdateUserPool":                   admin((*Pool).updateUserPool),
	"VerifySoftwareToken":              public((*Pool).verifySoftwareToken),
	"VerifyUserAttribute":              public((*Pool).verifyUserAttribute),
}

// ServeHTTP serves the API as AWS clients speak it: POST, JSON 1.1, the operation's name in X-Amz-Target. What a client
// gets wrong is answered by HTTP 400 with {"__type", "message"}. Pages on this machine may call it, by CORS.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowLocalPages(w.Header(), r.Header.Get("Origin"))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set(headerRequestID, newUUID())
	result, err := p.serve(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, result)
}

func (p *Pool) serve(w http.ResponseWriter, r *http.Request) (any, error) {
	name := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	o, known := operations[name]
	switch {
	case r.Method != http.MethodPost:
		return nil, fail(invalidParameter, "the user-pool API takes POST, not %s", r.Method)
	case !known:
		return nil, fail(unknownOperation, "the local user pool doesn't serve the operation %q", name)
	case o.needsSignature && !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		return nil, fail(missingAuthentication, "Missing Authentication Token: %s takes requests signed with IAM credentials", name)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fail(invalidParameter, "reading the request: %v", err)
	}
	c := &call{ctx: context.WithoutCancel(r.Context())} // a trigger ends its work though the client has gone
	result, err := p.run(o, c, body)
	for _, m := range c.mails {
		p.options.Mail(m)
	}
	return result, err
}

func (p *Pool) run(o operation, c *call, body []byte) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return o.run(p, c, body)
}

// decodeStrictly reads exactly one JSON value without members that v doesn't have.
func decodeStrictly(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

func writeError(w http.ResponseWriter, err error) {
	var answer *apiError
	if !errors.As(err, &answer) {
		writeJSON(w, http.StatusInternalServerError, apiError{internalError, fmt.Sprint("local user pool: ", err)})
		return
	}
	w.Header().Set(headerErrorType, answer.Type)
	writeJSON(w, http.StatusBadRequest, answer)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}

// allowLocalPages lets pages of this machine call the API. Authorization is not among the allowed headers: no page has
// business with admin operations.
func allowLocalPages(h http.Header, origin string) {
	h.Add("Vary", "Origin")
	if !isLocal(origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Cache-Control, X-Amz-Target, X-Amz-User-Agent, "+
		"Amz-Sdk-Invocation-Id, Amz-Sdk-Request")
	h.Set("Access-Control-Expose-Headers", headerErrorType+", "+headerRequestID)
	h.Set("Access-Control-Max-Age", "600")
}

func isLocal(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
