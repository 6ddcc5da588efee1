package corbado

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Caller is Corbado as the customer's endpoints meet it.
type Caller struct {
	URL      string // of the endpoint
	Username string // HTTP Basic
	Password string
	Project  string // sent to the webhook of the classic product
	Client   *http.Client
}

// Actions of the classic webhook, as its header names them.
const (
	ActionHeader         = "X-Corbado-Action"
	ActionAuthMethods    = "authMethods"
	ActionPasswordVerify = "passwordVerify"
)

// AuthMethods asks the webhook what it knows of a user: exists, not_exists or blocked.
func (c Caller) AuthMethods(ctx context.Context, userName string) (string, error) {
	var out struct {
		Data struct {
			Status string `json:"status"`
		} `json:"data"`
	}
	err := c.webhook(ctx, ActionAuthMethods, map[string]string{"username": userName}, &out)
	return out.Data.Status, err
}

// PasswordVerify asks the webhook whether a password is right.
func (c Caller) PasswordVerify(ctx context.Context, userName, password string) (bool, error) {
	var out struct {
		Data struct {
			Success bool `json:"success"`
		} `json:"data"`
	}
	err := c.webhook(ctx, ActionPasswordVerify, map[string]string{"username": userName, "password": password}, &out)
	return out.Data.Success, err
}

func (c Caller) webhook(ctx context.Context, action string, data, into any) error {
	return c.call(ctx, map[string]string{ActionHeader: action}, map[string]any{
		"id": newID("who-"), "projectID": c.Project, "action": action, "data": data,
	}, into)
}

// ActionReply is what an action of Corbado Connect answers.
type ActionReply struct {
	Identifier string       `json:"identifier"` // of the user at Corbado; before a sign-in
	Username   string       `json:"username"`   // after a passkey was added
	Error      *ActionError `json:"error"`
}

// ActionError is why an action did not go through.
type ActionError struct {
	Return  bool   `json:"return"` // whether the person goes back to the page's own sign-in
	Code    string `json:"code"`
	Message string `json:"message"`
	Payload string `json:"payload"`
}

// PreLogin has the customer translate what a person typed into the user's identifier.
func (c Caller) PreLogin(ctx context.Context, identifier string) (ActionReply, error) {
	return c.action(ctx, map[string]string{"identifier": identifier})
}

// PostAppend tells the customer that a user has a passkey now.
func (c Caller) PostAppend(ctx context.Context, userName string) (ActionReply, error) {
	return c.action(ctx, map[string]string{"username": userName})
}

func (c Caller) action(ctx context.Context, request any) (reply ActionReply, err error) {
	err = c.call(ctx, nil, request, &reply)
	return reply, err
}

// call counts nothing but 200 as an answer.
func (c Caller) call(ctx context.Context, headers map[string]string, body, into any) (err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.SetBasicAuth(c.Username, c.Password)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	response, err := c.Client.Do(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the endpoint answers %s: %s", response.Status, answer)
	}
	return json.Unmarshal(answer, into)
}
