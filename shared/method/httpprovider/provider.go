// Package httpprovider is a method made of configuration alone: a service over
// HTTPS creates a transaction, verifies an answer and returns whose answer it
// was. It fits services that take and give JSON:
//
//	Create   POST <base URL><Transaction.Path>   {… the user's identifier …}
//	         ← {… transaction id …}              → a public challenge parameter
//	browser  the service's own script takes the transaction and gives an answer,
//	         a text that means nothing to Cognito
//	Verify   POST <base URL><Verification.Path>  {… the answer …}
//	         ← {… identifier of a user …}        is compared with the session's user
//
// A service that needs more than that has a package of its own, which implements
// customauth.Issuer and customauth.Checker.
package httpprovider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// clockSkew is how far the clocks of two functions may be apart.
const clockSkew = 30 * time.Second

// keyTransaction is the private value that Create leaves for Verify.
const keyTransaction = "t"

// Reasons of refusals.
const (
	reasonExpired       = "challenge_expired"
	reasonNoTransaction = "no_transaction" // Create left none
	reasonRefused       = "answer_refused" // by the service
	reasonUser          = "user_mismatch"  // the service accepted the answer, of another user
)

// Provider implements customauth.Issuer and customauth.Checker. Its answers have
// no form of their own: it is the opaque Checker of customauth.Verify.
//
// Whether an answer counts once, and for how long, is up to the service; package
// once remembers here what the service has accepted.
type Provider struct {
	description service.Description
	client      *provider.Client
}

// New returns the method that a configuration describes, or an error that names
// every member which can't be right. read reads the service's secret.
func New(d service.Description, read func(context.Context) (secret.Text, error)) (*Provider, error) {
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("method %s: %w", d.Method, err)
	}
	client, err := provider.New(provider.Service{
		Name:          d.Service,
		BaseURL:       d.BaseURL,
		Authorization: provider.Authorization{Header: d.Header, Scheme: d.Scheme, Secret: read},
	})
	if err != nil {
		return nil, err
	}
	return &Provider{d, client}, nil
}

// Method implements customauth.Issuer and customauth.Checker.
func (p *Provider) Method() string { return p.description.Method }

// Parameters implements customauth.Issuer.
func (p *Provider) Parameters() []string {
	if p.description.Transaction == nil {
		return nil
	}
	return []string{p.description.Transaction.Parameter}
}

// Issue implements customauth.Issuer. The service is asked about nobody too, so
// that neither the time nor an outage tells who exists.
func (p *Provider) Issue(ctx context.Context, issue customauth.Issue) (customauth.Issued, error) {
	t := p.description.Transaction
	if t == nil {
		return customauth.Issued{}, nil
	}
	id, err := p.begin(ctx, t, issue.User)
	if err != nil {
		return customauth.Issued{}, err
	}
	issued := customauth.Issued{Public: map[string]string{t.Parameter: id}}
	if p.description.Verification.Transaction != "" {
		issued.Private = map[string]string{keyTransaction: id}
	}
	return issued, nil
}

// begin creates a transaction, or makes one up for a user that the service does
// not know.
func (p *Provider) begin(ctx context.Context, t *service.Transaction, user customauth.User) (string, error) {
	reply, err := p.client.Do(ctx, provider.Request{
		Operation:  "creating a transaction",
		Method:     http.MethodPost,
		Path:       service.Segments(t.Path),
		Body:       object(t.Constants, member{t.User, p.asked(user)}),
		Repeatable: true, // a transaction that nobody answers does nothing
	})
	if err != nil {
		return "", err
	}
	body, err := decode(reply)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(t.Unknown, func(m service.Match) bool { return fits(m, reply, body) }) {
		return t.Form.Invent(), nil
	}
	id, ok := lookUp(body, t.ID).(string)
	if !reply.OK() || !ok || id == "" {
		return "", reply.Unexpected()
	}
	return id, nil
}

// Recognizes implements customauth.Checker: an answer is a text.
func (p *Provider) Recognizes(answer string) bool {
	return answer != "" && !strings.ContainsFunc(answer, unicode.IsControl)
}

// Check implements customauth.Checker.
func (p *Provider) Check(ctx context.Context, a customauth.Answer) (customauth.Verdict, error) {
	if a.Started.After(a.Sealed.Expires.Add(clockSkew)) {
		return p.wrong(reasonExpired), nil
	}
	v := p.description.Verification
	members := []member{{v.Answer, a.Text}}
	if v.User != "" {
		members = append(members, member{v.User, p.asked(a.User)})
	}
	if v.Transaction != "" {
		id := a.Sealed.Private[keyTransaction]
		if id == "" {
			return p.wrong(reasonNoTransaction), nil
		}
		members = append(members, member{v.Transaction, id})
	}
	reply, err := p.client.Do(ctx, provider.Request{
		Operation: "verifying an answer",
		Method:    http.MethodPost,
		Path:      service.Segments(v.Path),
		Body:      object(v.Constants, members...),
	})
	if err != nil {
		return customauth.Verdict{}, err
	}
	return p.verdict(reply, a.User)
}

func (p *Provider) verdict(reply provider.Reply, user customauth.User) (customauth.Verdict, error) {
	body, err := decode(reply)
	if err != nil {
		return customauth.Verdict{}, err
	}
	v := p.description.Verification
	if slices.ContainsFunc(v.Refused, func(m service.Match) bool { return fits(m, reply, body) }) {
		return p.wrong(reasonRefused), nil
	}
	returned, ok := lookUp(body, v.Returned).(string)
	if !fits(v.Accepted, reply, body) || !ok {
		return customauth.Verdict{}, reply.Unexpected()
	}
	if own := p.identifierOf(user); own == "" || returned != own {
		return p.wrong(reasonUser), nil
	}
	return customauth.Verdict{Correct: true, Method: p.description.Method}, nil
}

func (p *Provider) wrong(reason string) customauth.Verdict {
	return customauth.Verdict{Method: p.description.Method, Reason: reason}
}

// identifierOf returns what the service knows the user by; empty if it can't
// know the user.
func (p *Provider) identifierOf(user customauth.User) string {
	switch {
	case user.NotFound:
		return ""
	case p.description.Identifier == service.Sub:
		return user.Sub
	case p.description.Identifier == service.UserName:
		return user.Name
	default:
		return user.VerifiedEmail
	}
}

// asked returns the identifier to ask the service about: one that nobody has
// where there is none.
func (p *Provider) asked(user customauth.User) string {
	if own := p.identifierOf(user); own != "" {
		return own
	}
	nobody := service.FormUUID.Invent()
	if p.description.Identifier == service.Email {
		return nobody + "@example.invalid" // RFC 2606 §2: a domain that never exists
	}
	return nobody
}

// member is a member of a request.
type member struct {
	pointer jsontext.Pointer
	value   string
}

// object builds the JSON object of a request.
func object(constants map[jsontext.Pointer]string, members ...member) map[string]any {
	for pointer, value := range constants {
		members = append(members, member{pointer, value})
	}
	root := map[string]any{}
	for _, m := range members {
		parent := root
		for token := range m.pointer.Parent().Tokens() {
			child, ok := parent[token].(map[string]any)
			if !ok {
				child = map[string]any{}
				parent[token] = child
			}
			parent = child
		}
		parent[m.pointer.LastToken()] = m.value
	}
	return root
}

// decode returns the body of a reply, nil if it has none.
func decode(reply provider.Reply) (body any, err error) {
	if reply.Empty() {
		return nil, nil
	}
	return body, reply.Decode(&body)
}

// fits reports whether the reply is one that m recognises.
func fits(m service.Match, reply provider.Reply, body any) bool {
	if reply.Status != m.Status && (m.Status != 0 || !reply.OK()) {
		return false
	}
	if m.Field == "" {
		return true
	}
	value := lookUp(body, m.Field)
	if text, ok := value.(string); ok {
		return text == m.Value
	}
	text, err := json.Marshal(value)
	return err == nil && value != nil && string(text) == m.Value
}

// lookUp returns the value that the pointer is to, nil if there is none.
func lookUp(value any, pointer jsontext.Pointer) any {
	for token := range pointer.Tokens() {
		switch parent := value.(type) {
		case map[string]any:
			value = parent[token]
		case []any:
			i, err := strconv.ParseUint(token, 10, 0)
			if err != nil || i >= uint64(len(parent)) {
				return nil
			}
			value = parent[i]
		default:
			return nil
		}
	}
	return value
}
