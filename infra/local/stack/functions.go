package stack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/lambdahost"
)

// What a function must be built for: Go's name → Lambda's.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// Defaults of AWS::Lambda::Function.
const (
	defaultTimeout      = 3 // seconds
	defaultMemory       = 128
	defaultArchitecture = "x86_64"
	functionRuntime     = "provided.al2023"
)

// Service principals that call functions.
const (
	principalCognito = "cognito-idp.amazonaws.com"
	principalAPI     = "apigateway.amazonaws.com"
	invokeAction     = "lambda:InvokeFunction"
)

// errNotPermitted says that no permission lets a service call a function.
var errNotPermitted = errors.New("no AWS::Lambda::Permission allows the call")

type functionProperties struct {
	FunctionName  string
	Role          string // ARN
	PackageType   string
	Runtime       string
	Handler       string
	Architectures []string
	Code          struct{ S3Bucket, S3Key string }
	Timeout       int
	MemorySize    int
	Environment   struct{ Variables map[string]string }
	LoggingConfig struct{ LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup string }
}

func (s *Stack) makeFunction(logicalID string, properties json.RawMessage) (resource, error) {
	p := functionProperties{Timeout: defaultTimeout, MemorySize: defaultMemory, Architectures: []string{defaultArchitecture}}
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	if err := p.check(); err != nil {
		return resource{}, err
	}
	directory, err := s.options.Assembly.Asset(p.Code.S3Key)
	if err != nil {
		return resource{}, err
	}
	if info, err := os.Stat(directory); err != nil || !info.IsDir() {
		return resource{}, fmt.Errorf("its code %s is no folder (%w)", directory, errors.Join(err, ErrUnknown))
	}
	name := s.ledger.chosen(logicalID, p.FunctionName, s.named(logicalID))
	functionARN := arn("lambda", "function:"+name)
	f := lambdahost.Function{
		Name: name, ARN: functionARN, Directory: directory,
		Timeout: time.Duration(p.Timeout) * time.Second, MemoryMB: p.MemorySize,
		LogFormat: p.LoggingConfig.LogFormat, LogLevel: p.LoggingConfig.ApplicationLogLevel,
		Environment: p.Environment.Variables,
	}
	if err := s.roles.assume(functionARN, name, p.Role); err != nil {
		return resource{}, err
	}
	if p.LoggingConfig.LogGroup != "" {
		s.logs.add(functionARN, p.LoggingConfig.LogGroup)
		s.checkLogs(functionARN, p.LoggingConfig.LogGroup)
	}
	s.environments = append(s.environments, f.Environment)
	return resource{ref: name, attributes: map[string]any{"Arn": functionARN}}, s.functions.Add(f)
}

func (p functionProperties) check() error {
	if p.Runtime != functionRuntime || p.PackageType != "" && p.PackageType != "Zip" {
		return fmt.Errorf("the runtime %q in a package of type %q is %w; %s in a Zip is", p.Runtime, p.PackageType, ErrUnknown, functionRuntime)
	}
	if here := architectures[runtime.GOARCH]; len(p.Architectures) != 1 || p.Architectures[0] != here {
		return fmt.Errorf("the function is built for %v, but this machine runs %s: synthesize with -c architecture=%s", p.Architectures, here, here)
	}
	return nil
}

// permission lets a service call a function.
type permission struct {
	function  string // its ARN
	principal string
	source    *regexp.Regexp // of the caller's ARN; nil means any
}

func (s *Stack) makePermission(logicalID string, properties json.RawMessage) (resource, error) {
	var p struct{ Action, FunctionName, Principal, SourceArn, SourceAccount string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	if p.Action != invokeAction {
		return resource{}, fmt.Errorf("the action %q is %w; %s is", p.Action, ErrUnknown, invokeAction)
	}
	if p.SourceAccount != "" && p.SourceAccount != AccountID {
		return resource{}, fmt.Errorf("SourceAccount %s is not this account, %s", p.SourceAccount, AccountID)
	}
	added := permission{function: functionARN(p.FunctionName), principal: p.Principal}
	if p.SourceArn != "" {
		added.source = iam.Wildcard(p.SourceArn)
	}
	s.permissions = append(s.permissions, added)
	return resource{ref: s.ledger.physical(logicalID, s.named(logicalID))}, nil
}

func (p permission) allows(functionARN, principal, sourceARN string) bool {
	return p.function == functionARN && p.principal == principal && (p.source == nil || p.source.MatchString(sourceARN))
}

// permitted says whether a permission lets a service call a function.
func (s *Stack) permitted(principal, sourceARN, functionARN string) bool {
	return slices.ContainsFunc(s.permissions, func(p permission) bool { return p.allows(functionARN, principal, sourceARN) })
}

// invokeFor calls a function, or what an alias of one stands for, for a service,
// if a permission lets it.
func (s *Stack) invokeFor(ctx context.Context, principal, sourceARN, functionARN string, payload []byte) ([]byte, error) {
	if s.permitted(principal, sourceARN, functionARN) {
		return s.functions.Invoke(ctx, cmp.Or(s.aliases[functionARN], functionARN), payload)
	}
	return nil, fmt.Errorf("%w: of %s by %s for %s", errNotPermitted, functionARN, principal, sourceARN)
}
