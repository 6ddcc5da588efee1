package stack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// onlyVersion is the number of every function's one version: the code that was
// synthesized last is all that runs here.
const onlyVersion = "1"

func (s *Stack) makeVersion(_ string, properties json.RawMessage) (resource, error) {
	var p struct{ FunctionName string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	functionARN := functionARN(p.FunctionName)
	return resource{
		ref:        functionARN + ":" + onlyVersion,
		attributes: map[string]any{"Version": onlyVersion, "FunctionArn": functionARN + ":" + onlyVersion},
	}, nil
}

func (s *Stack) makeAlias(_ string, properties json.RawMessage) (resource, error) {
	var p struct{ FunctionName, FunctionVersion, Name string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	if p.FunctionVersion != onlyVersion {
		return resource{}, fmt.Errorf("the version %q is %w: a function has one, %s", p.FunctionVersion, ErrUnknown, onlyVersion)
	}
	functionARN := functionARN(p.FunctionName)
	alias := functionARN + ":" + p.Name
	s.aliases[alias] = functionARN
	return resource{ref: alias, attributes: map[string]any{"AliasArn": alias}}, nil
}

// functionARN is the ARN of a function that a property names by its name or ARN.
func functionARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return arn("lambda", "function:"+name)
}
