package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The intrinsic functions that are known.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
const (
	fnRef       = "Ref"
	fnGetAtt    = "Fn::GetAtt"
	fnJoin      = "Fn::Join"
	fnSub       = "Fn::Sub"
	fnSelect    = "Fn::Select"
	fnSplit     = "Fn::Split"
	fnIf        = "Fn::If"
	fnEquals    = "Fn::Equals"
	fnAnd       = "Fn::And"
	fnOr        = "Fn::Or"
	fnNot       = "Fn::Not"
	fnPrefix    = "Fn::"
	fnCondition = "Condition"
)

// pseudoNoValue removes the property that it is the value of.
const pseudoNoValue = "AWS::NoValue"

// Values answers what a template can't know itself.
type Values interface {
	// Pseudo returns the value of a pseudo parameter such as AWS::Region, and
	// whether it is known.
	Pseudo(name string) (string, bool)
	// Ref returns what Ref of a resource stands for.
	Ref(logicalID string) (string, error)
	// GetAtt returns an attribute of a resource.
	GetAtt(logicalID, attribute string) (any, error)
}

// noValue is what AWS::NoValue resolves to until its property is removed.
type noValue struct{}

// Properties returns r's properties with every intrinsic function resolved.
func (t *Template) Properties(r *Resource, values Values) (map[string]any, error) {
	resolved, err := resolver{t, values}.resolve(r.Properties)
	if err != nil {
		return nil, fmt.Errorf("%s (%s): %w", r.LogicalID, r.Type, err)
	}
	return resolved.(map[string]any), nil
}

// Applies reports whether the condition of a resource or an output holds; one
// without a condition always applies.
func (t *Template) Applies(condition string, values Values) (bool, error) {
	if condition == "" {
		return true, nil
	}
	return resolver{t, values}.condition(condition)
}

// OutputValues returns the resolved outputs by logical id.
func (t *Template) OutputValues(values Values) (map[string]string, error) {
	outputs := map[string]string{}
	for id, output := range t.Outputs {
		applies, err := t.Applies(output.Condition, values)
		if err != nil {
			return nil, fmt.Errorf("output %s: %w", id, err)
		}
		if !applies {
			continue
		}
		resolved, err := resolver{t, values}.text(output.Value)
		if err != nil {
			return nil, fmt.Errorf("output %s: %w", id, err)
		}
		outputs[id] = resolved
	}
	return outputs, nil
}

type resolver struct {
	template *Template
	values   Values
}

func (r resolver) resolve(value any) (any, error) {
	switch v := value.(type) {
	case []any:
		return r.list(v)
	case map[string]any:
		if name, argument, ok := intrinsic(v); ok {
			return r.call(name, argument)
		}
		return r.object(v)
	default:
		return value, nil
	}
}

func (r resolver) list(list []any) (any, error) {
	resolved := make([]any, 0, len(list))
	for i, item := range list {
		value, err := r.resolve(item)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		if _, removed := value.(noValue); !removed {
			resolved = append(resolved, value)
		}
	}
	return resolved, nil
}

func (r resolver) object(object map[string]any) (any, error) {
	resolved := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value, err := r.resolve(object[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, removed := value.(noValue); !removed {
			resolved[name] = value
		}
	}
	return resolved, nil
}

// intrinsic tells a call of an intrinsic function from a plain object.
func intrinsic(object map[string]any) (name string, argument any, ok bool) {
	if len(object) != 1 {
		return "", nil, false
	}
	for name, argument = range object {
		ok = name == fnRef || strings.HasPrefix(name, fnPrefix)
	}
	return name, argument, ok
}

func (r resolver) call(name string, argument any) (any, error) {
	switch name {
	case fnRef:
		return r.ref(argument)
	case fnGetAtt:
		return r.getAtt(argument)
	case fnJoin:
		return r.join(argument)
	case fnSub:
		return r.sub(argument)
	case fnSelect:
		return r.selectOne(argument)
	case fnSplit:
		return r.split(argument)
	case fnIf:
		return r.choose(argument)
	default:
		return nil, fmt.Errorf("%w: intrinsic function %s is not known", ErrTemplate, name)
	}
}

// text resolves a value that must be a scalar.
func (r resolver) text(value any) (string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return "", err
	}
	switch v := resolved.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	default:
		return "", fmt.Errorf("%w: %v is no text", ErrTemplate, resolved)
	}
}

// arguments checks that a function's argument is a list of count items.
func arguments(name string, argument any, count int) ([]any, error) {
	list, ok := argument.([]any)
	if !ok || len(list) != count {
		return nil, fmt.Errorf("%w: %s takes %d arguments, received %v", ErrTemplate, name, count, argument)
	}
	return list, nil
}

func (r resolver) ref(argument any) (any, error) {
	name, ok := argument.(string)
	if !ok {
		return nil, fmt.Errorf("%w: Ref takes a name, received %v", ErrTemplate, argument)
	}
	if name == pseudoNoValue {
		return noValue{}, nil
	}
	return r.named(name)
}

// named resolves a pseudo parameter, a parameter or a resource by its name.
func (r resolver) named(name string) (string, error) {
	if strings.HasPrefix(name, "AWS::") {
		value, ok := r.values.Pseudo(name)
		if !ok {
			return "", fmt.Errorf("%w: pseudo parameter %s is not known", ErrTemplate, name)
		}
		return value, nil
	}
	if value, ok := r.template.parameters[name]; ok {
		return value, nil
	}
	if r.template.Resources[name] == nil {
		return "", fmt.Errorf("%w: %s is neither a resource nor a parameter with a value", ErrTemplate, name)
	}
	return r.values.Ref(name)
}

func (r resolver) getAtt(argument any) (any, error) {
	if dotted, ok := argument.(string); ok {
		id, attribute, _ := strings.Cut(dotted, ".")
		argument = []any{id, attribute}
	}
	list, err := arguments(fnGetAtt, argument, 2)
	if err != nil {
		return nil, err
	}
	id, idOK := list[0].(string)
	attribute, attributeOK := list[1].(string)
	if !idOK || !attributeOK || r.template.Resources[id] == nil {
		return nil, fmt.Errorf("%w: Fn::GetAtt %v names no resource", ErrTemplate, list)
	}
	return r.values.GetAtt(id, attribute)
}

func (r resolver) join(argument any) (any, error) {
	list, err := arguments(fnJoin, argument, 2)
	if err != nil {
		return nil, err
	}
	separator, ok := list[0].(string)
	if !ok {
		return nil, fmt.Errorf("%w: the separator of Fn::Join must be text, received %v", ErrTemplate, list[0])
	}
	resolved, err := r.resolve(list[1])
	if err != nil {
		return nil, err
	}
	items, ok := resolved.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: Fn::Join takes a list, received %v", ErrTemplate, resolved)
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if texts[i], err = r.text(item); err != nil {
			return nil, err
		}
	}
	return strings.Join(texts, separator), nil
}

// substitution matches ${Name}, ${Name.Attribute} and the escape ${!Literal}.
var substitution = regexp.MustCompile(`\$\{(!?)([^}]*)\}`)

func (r resolver) sub(argument any) (any, error) {
	text, variables, err := subArguments(argument)
	if err != nil {
		return nil, err
	}
	var failed error
	resolved := substitution.ReplaceAllStringFunc(text, func(match string) string {
		parts := substitution.FindStringSubmatch(match)
		if parts[1] == "!" {
			return "${" + parts[2] + "}"
		}
		value, err := r.subVariable(parts[2], variables)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s of Fn::Sub: %w", match, err)
		}
		return value
	})
	return resolved, failed
}

func subArguments(argument any) (text string, variables map[string]any, err error) {
	if text, ok := argument.(string); ok {
		return text, nil, nil
	}
	list, err := arguments(fnSub, argument, 2)
	if err != nil {
		return "", nil, err
	}
	text, textOK := list[0].(string)
	variables, variablesOK := list[1].(map[string]any)
	if !textOK || !variablesOK {
		return "", nil, fmt.Errorf("%w: Fn::Sub takes a text and variables, received %v", ErrTemplate, list)
	}
	return text, variables, nil
}

func (r resolver) subVariable(name string, variables map[string]any) (string, error) {
	if value, ok := variables[name]; ok {
		return r.text(value)
	}
	if strings.Contains(name, ".") {
		return r.text(map[string]any{fnGetAtt: name})
	}
	return r.named(name)
}

func (r resolver) selectOne(argument any) (any, error) {
	list, err := arguments(fnSelect, argument, 2)
	if err != nil {
		return nil, err
	}
	number, err := r.text(list[0])
	if err != nil {
		return nil, err
	}
	resolved, err := r.resolve(list[1])
	if err != nil {
		return nil, err
	}
	items, _ := resolved.([]any)
	index, err := strconv.Atoi(number)
	if err != nil || index < 0 || index >= len(items) {
		return nil, fmt.Errorf("%w: Fn::Select has no item %s in a list of %d", ErrTemplate, number, len(items))
	}
	return items[index], nil
}

func (r resolver) split(argument any) (any, error) {
	list, err := arguments(fnSplit, argument, 2)
	if err != nil {
		return nil, err
	}
	separator, ok := list[0].(string)
	if !ok || separator == "" {
		return nil, fmt.Errorf("%w: the separator of Fn::Split must be text, received %v", ErrTemplate, list[0])
	}
	text, err := r.text(list[1])
	if err != nil {
		return nil, err
	}
	var items []any
	for part := range strings.SplitSeq(text, separator) {
		items = append(items, part)
	}
	return items, nil
}
