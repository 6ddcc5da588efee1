// Package template reads a synthesized CloudFormation template and resolves its
// intrinsic functions.
//
// It knows what CDK emits for this project's stack and refuses everything else
// by name: a section, an intrinsic function, a parameter or a reference that it
// doesn't know is an error, never skipped. It does no I/O but reading the cloud
// assembly.
package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrTemplate is wrapped by every error about a template that can't be run.
var ErrTemplate = errors.New("template")

// CDK's default synthesizer adds this parameter and this rule to every template.
// They check the account's bootstrap stack, of which there is none here.
const (
	bootstrapParameter = "BootstrapVersion"
	bootstrapRule      = "CheckBootstrapVersion"
)

// Template is a parsed template, whose properties are not yet resolved.
type Template struct {
	Resources map[string]*Resource // logical id → resource
	Outputs   map[string]Output    // logical id → output

	parameters map[string]string // name → default
	conditions map[string]any    // name → unresolved condition
}

// Resource is one resource of a template.
type Resource struct {
	LogicalID  string         `json:"-"`
	Type       string         `json:"Type"`
	Properties map[string]any `json:"Properties"` // property name → unresolved value
	DependsOn  oneOrMore      `json:"DependsOn"`
	Condition  string         `json:"Condition"`

	// What only the deployed stack's life depends on.
	Metadata            json.RawMessage `json:"Metadata"`
	DeletionPolicy      string          `json:"DeletionPolicy"`
	UpdatePolicy        json.RawMessage `json:"UpdatePolicy"`
	UpdateReplacePolicy string          `json:"UpdateReplacePolicy"`
}

// Output is one output of a template.
type Output struct {
	Value       any             `json:"Value"` // unresolved
	Condition   string          `json:"Condition"`
	Description string          `json:"Description"`
	Export      json.RawMessage `json:"Export"`
}

// oneOrMore is a list that a template may write as a single string.
type oneOrMore []string

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(o))
}

type document struct {
	AWSTemplateFormatVersion string
	Description              string
	Metadata                 json.RawMessage
	Parameters               map[string]struct {
		Type, Description string
		Default           *string
		AllowedValues     []string
		NoEcho            bool
	}
	Rules      map[string]json.RawMessage
	Conditions map[string]any
	Resources  map[string]*Resource
	Outputs    map[string]Output
}

// Parse reads a template in JSON. It fails with [ErrTemplate] on a section, a
// parameter without a default or a rule that it doesn't know.
func Parse(raw []byte) (*Template, error) {
	var d document
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	t := &Template{Resources: d.Resources, Outputs: d.Outputs, conditions: d.Conditions, parameters: map[string]string{}}
	for name, parameter := range d.Parameters {
		switch {
		case name == bootstrapParameter:
		case parameter.Type != "String" && parameter.Type != "Number":
			return nil, fmt.Errorf("%w: parameter %s has the type %s; String and Number are known", ErrTemplate, name, parameter.Type)
		case parameter.Default == nil:
			return nil, fmt.Errorf("%w: parameter %s has no default, and nobody to ask for its value", ErrTemplate, name)
		default:
			t.parameters[name] = *parameter.Default
		}
	}
	for name := range d.Rules {
		if name != bootstrapRule {
			return nil, fmt.Errorf("%w: rule %s is not known", ErrTemplate, name)
		}
	}
	for id, resource := range t.Resources {
		resource.LogicalID = id
	}
	return t, nil
}

// Order returns the resources so that each comes after those that it refers to
// or names in DependsOn, and otherwise by logical id. A circle is refused with
// the logical ids along it; a dependency on what doesn't exist, too.
func (t *Template) Order() ([]*Resource, error) {
	o := orderer{template: t, done: map[string]bool{}}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if err := o.visit(id); err != nil {
			return nil, err
		}
	}
	return o.order, nil
}

type orderer struct {
	template *Template
	path     []string
	done     map[string]bool // logical id → placed in order
	order    []*Resource
}

func (o *orderer) visit(id string) error {
	if start := slices.Index(o.path, id); start >= 0 {
		circle := append(slices.Clone(o.path[start:]), id)
		return fmt.Errorf("%w: circular dependency between resources: %s", ErrTemplate, strings.Join(circle, " -> "))
	}
	if o.done[id] {
		return nil
	}
	o.path = append(o.path, id)
	resource := o.template.Resources[id]
	dependencies, err := o.template.dependencies(resource)
	if err != nil {
		return fmt.Errorf("%s (%s): %w", id, resource.Type, err)
	}
	for _, dependency := range dependencies {
		if err := o.visit(dependency); err != nil {
			return err
		}
	}
	o.path = o.path[:len(o.path)-1]
	o.done[id] = true
	o.order = append(o.order, resource)
	return nil
}

// dependencies lists the resources that r refers to, sorted.
func (t *Template) dependencies(r *Resource) ([]string, error) {
	found := map[string]bool{}
	for _, id := range r.DependsOn {
		if t.Resources[id] == nil {
			return nil, fmt.Errorf("%w: DependsOn names %q, which is no resource", ErrTemplate, id)
		}
		found[id] = true
	}
	references(r.Properties, func(id string) {
		if t.Resources[id] != nil {
			found[id] = true
		}
	})
	return slices.Sorted(maps.Keys(found)), nil
}
