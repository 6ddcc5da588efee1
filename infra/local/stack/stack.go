// Package stack creates the resources of a synthesized template on this machine:
// functions as processes, the table and the parameters in memory, the user pool
// and the HTTP API as handlers.
//
// It is made for this project's stack and refuses what it doesn't know (a
// resource type, a property, an attribute) by name. What it accepts without
// acting on it is listed in withouteffect.go, each with the reason. A function
// may do what its role allows and nothing else; a policy must stand in the
// template, because those that AWS manages are not known here.
package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/gateway"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/lambdahost"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

// Where the stack seems to be deployed.
const (
	Region    = "us-east-1"
	AccountID = "000000000000"
	partition = "aws"
	urlSuffix = "amazonaws.com"
)

// Errors that Start wraps.
var (
	// ErrUnknown says that a template holds what the local run doesn't know.
	ErrUnknown = errors.New("not known to the local run")
	// ErrCustomResource says that a custom resource failed.
	ErrCustomResource = errors.New("custom resource failed")
)

// Options are the settings of a [Stack].
type Options struct {
	// Assembly is what is run. Required.
	Assembly *template.Assembly
	// DataDirectory keeps the state between runs; empty means in memory only.
	DataDirectory string
	// ForeignPool is the user pool that the template names without making it; nil
	// means one with sign-in by e-mail that suits the stack.
	ForeignPool *ForeignPool
	// Mail receives what Cognito would have sent. Required.
	Mail func(userpool.Message)
	// Sent receives every mail that a function sent by SES; nil means nobody wants to know.
	Sent func(awsapi.Mail)
	// Texted receives every text message that a function sent; nil means nobody wants
	// to know.
	Texted func(awsapi.TextMessage)
	// Event receives every event that reaches an event bus; nil means nobody wants to know.
	Event func(awsapi.Event)
	// Log receives progress, and what the functions write. Required.
	Log io.Writer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Stack is a running stack.
type Stack struct {
	options   Options
	template  *template.Template
	log       *log.Logger
	functions *lambdahost.Host
	services  *awsapi.Server
	responses *responses
	internal  *http.Server
	address   string // http://host:port of the internal server
	keeper    *keeper
	ledger    *ledger
	roles     *roles
	logs      *logGroups
	said      map[string]bool // line of the log that is written once → whether it was

	resources   map[string]resource // logical id → what was created
	permissions []permission
	aliases     map[string]string // ARN of a function's alias → of the function

	environments []map[string]string // of each function: variable → value

	pool       *userpool.Pool
	poolID     string
	api        *gateway.API
	apiID      string
	superseded []customRequest // requests that delete what an update replaced
	outputs    map[string]string
}

// resource is a created resource, as other resources see it.
type resource struct {
	ref        string
	attributes map[string]any // name → value
}

// Start creates the resources in the order of their dependencies. On an error
// nothing is left running.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Stack{
		options:   o,
		template:  o.Assembly.Template,
		log:       log.New(o.Log, "", 0),
		responses: newResponses(),
		roles:     newRoles(),
		logs:      newLogGroups(),
		said:      map[string]bool{},
		resources: map[string]resource{},
		aliases:   map[string]string{},
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	order, err := s.template.Order()
	if err != nil {
		return err
	}
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.openState(); err != nil {
		return err
	}
	if err := s.makeForeignPool(); err != nil {
		return err
	}
	for _, r := range order {
		if err := s.create(ctx, r); err != nil {
			return err
		}
	}
	s.cleanUp(ctx)
	if s.outputs, err = s.template.OutputValues(s); err != nil {
		return err
	}
	s.keeper.start()
	return nil
}

// listen starts what the functions call, on a loopback port of its own.
func (s *Stack) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the functions' calls: %w", err)
	}
	s.address = "http://" + listener.Addr().String()
	s.functions, err = lambdahost.New(ctx, lambdahost.Options{
		Region: Region,
		Environment: map[string]string{
			"AWS_ENDPOINT_URL_DYNAMODB":                  s.address,
			"AWS_ENDPOINT_URL_SSM":                       s.address,
			"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": s.address,
			"AWS_ENDPOINT_URL_EVENTBRIDGE":               s.address,
			"AWS_ENDPOINT_URL_SESV2":                     s.address,
			"AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2":     s.address,
		},
		Log:  s.options.Log,
		Line: s.logged,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s.services = awsapi.New(awsapi.Options{
		Region: Region, AccountID: AccountID, Caller: s.functions.Caller, Authorize: s.roles.authorize,
		Event: s.options.Event, Mail: s.options.Sent, TextMessage: s.options.Texted, Changed: s.touch, Log: s.log, Now: s.options.Now,
	})
	mux := http.NewServeMux()
	mux.Handle("POST /{$}", s.services)
	mux.Handle("POST "+awsapi.SendEmailPath, s.services)
	mux.Handle("PUT "+responsePath+"{token}", s.responses)
	mux.HandleFunc("GET "+keySetPath, func(w http.ResponseWriter, r *http.Request) { s.pool.JWKS().ServeHTTP(w, r) })
	s.internal = &http.Server{Handler: ownHost(listener.Addr().String(), mux), ReadHeaderTimeout: 10 * time.Second}
	go s.internal.Serve(listener) //nolint:errcheck // it ends with http.ErrServerClosed, by Close
	return nil
}

// ownHost refuses what a web site sends that points a name of its own here (DNS rebinding).
func ownHost(host string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != host {
			http.Error(w, "this server answers for "+host+" only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Close hands over what was logged, ends the functions and saves the state.
func (s *Stack) Close() error {
	var problems []error
	if s.functions != nil {
		s.drain()
		problems = append(problems, s.functions.Close())
	}
	if s.internal != nil {
		problems = append(problems, s.internal.Close())
	}
	if s.keeper != nil {
		problems = append(problems, s.keeper.close())
	}
	return errors.Join(problems...)
}

// UserPool serves the API of the user pool.
func (s *Stack) UserPool() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.touch()
		s.pool.ServeHTTP(w, r)
	})
}

// UserPoolID is the pool's id.
func (s *Stack) UserPoolID() string { return s.poolID }

// KeySet serves the public keys of the pool's tokens.
func (s *Stack) KeySet() http.Handler { return s.pool.JWKS() }

// API serves the HTTP API; paths are those within it. It is nil if the stack has none.
func (s *Stack) API() http.Handler {
	if s.api == nil {
		return nil
	}
	return s.api
}

// APIEndpoint is where the HTTP API would be on AWS, with which the outputs
// that hold its address begin.
func (s *Stack) APIEndpoint() string {
	return "https://" + s.apiID + ".execute-api." + Region + "." + urlSuffix
}

// Operator serves the AWS APIs to whoever runs the stack, as a role does that may
// do everything.
func (s *Stack) Operator() http.Handler { return s.services.Operator() }

// Environments are the settings of each function: variable → value.
func (s *Stack) Environments() []map[string]string { return s.environments }

// PutSecret puts a text into a SecureString parameter.
func (s *Stack) PutSecret(name, text string) error { return s.services.PutSecret(name, text) }

// Outputs are the stack's outputs: logical id → value.
func (s *Stack) Outputs() map[string]string { return s.outputs }

// touch tells that the state may have changed.
func (s *Stack) touch() {
	if s.keeper != nil {
		s.keeper.touch()
	}
}

// create makes one resource, unless its condition doesn't hold.
func (s *Stack) create(ctx context.Context, r *template.Resource) error {
	applies, err := s.template.Applies(r.Condition, s)
	if err != nil {
		return fmt.Errorf("%s (%s): %w", r.LogicalID, r.Type, err)
	}
	if !applies {
		return nil
	}
	properties, err := s.template.Properties(r, s)
	if err != nil {
		return err
	}
	made, err := s.makeResource(ctx, r, properties)
	if err != nil {
		return fmt.Errorf("%s (%s): %w", r.LogicalID, r.Type, err)
	}
	s.resources[r.LogicalID] = made
	return nil
}

func (s *Stack) makeResource(ctx context.Context, r *template.Resource, properties map[string]any) (resource, error) {
	if strings.HasPrefix(r.Type, customPrefix) || r.Type == customType {
		return s.makeCustomResource(ctx, r, properties)
	}
	known, ok := kinds[r.Type]
	if !ok {
		return resource{}, fmt.Errorf("the resource type is %w", ErrUnknown)
	}
	if reason, ok := typesWithoutEffect[r.Type]; ok {
		s.sayOnce(r.Type + " has no effect here: " + reason)
		clear(properties)
	}
	for name := range withoutEffect[r.Type] {
		delete(properties, name)
	}
	encoded, err := json.Marshal(properties)
	if err != nil {
		return resource{}, err
	}
	return known(s, r.LogicalID, encoded)
}

// sayOnce logs a line, unless it was logged before.
func (s *Stack) sayOnce(line string) {
	if !s.said[line] {
		s.said[line] = true
		s.log.Print(line)
	}
}

// Pseudo implements template.Values.
func (s *Stack) Pseudo(name string) (string, bool) {
	value, ok := map[string]string{
		"AWS::AccountId": AccountID,
		"AWS::Partition": partition,
		"AWS::Region":    Region,
		"AWS::StackId":   s.ledger.StackID,
		"AWS::StackName": s.options.Assembly.StackName,
		"AWS::URLSuffix": urlSuffix,
	}[name]
	return value, ok
}

// Ref implements template.Values.
func (s *Stack) Ref(logicalID string) (string, error) {
	made, ok := s.resources[logicalID]
	if !ok {
		return "", fmt.Errorf("Ref %s: the resource was not created, because its condition doesn't hold", logicalID)
	}
	return made.ref, nil
}

// GetAtt implements template.Values.
func (s *Stack) GetAtt(logicalID, attribute string) (any, error) {
	value, ok := s.resources[logicalID].attributes[attribute]
	if !ok {
		return nil, fmt.Errorf("attribute %s of %s (%s) is %w", attribute, logicalID, s.template.Resources[logicalID].Type, ErrUnknown)
	}
	return value, nil
}
