package template

import (
	"fmt"
	"strings"
)

// choose resolves Fn::If, and only the branch that it takes.
func (r resolver) choose(argument any) (any, error) {
	list, err := arguments(fnIf, argument, 3)
	if err != nil {
		return nil, err
	}
	name, ok := list[0].(string)
	if !ok {
		return nil, fmt.Errorf("%w: Fn::If takes the name of a condition, received %v", ErrTemplate, list[0])
	}
	holds, err := r.condition(name)
	if err != nil {
		return nil, err
	}
	if holds {
		return r.resolve(list[1])
	}
	return r.resolve(list[2])
}

func (r resolver) condition(name string) (bool, error) {
	expression, ok := r.template.conditions[name]
	if !ok {
		return false, fmt.Errorf("%w: condition %s is not defined", ErrTemplate, name)
	}
	return r.holds(expression)
}

func (r resolver) holds(expression any) (bool, error) {
	object, _ := expression.(map[string]any)
	for name, argument := range object {
		if len(object) > 1 {
			break
		}
		switch name {
		case fnCondition:
			return r.condition(fmt.Sprint(argument))
		case fnEquals:
			return r.equal(argument)
		case fnAnd:
			return r.every(argument, true)
		case fnOr:
			unless, err := r.every(argument, false)
			return !unless, err
		case fnNot:
			unless, err := r.every(argument, true)
			return !unless, err
		default:
			return false, fmt.Errorf("%w: condition function %s is not known", ErrTemplate, name)
		}
	}
	return false, fmt.Errorf("%w: %v is no condition", ErrTemplate, expression)
}

func (r resolver) equal(argument any) (bool, error) {
	list, err := arguments(fnEquals, argument, 2)
	if err != nil {
		return false, err
	}
	left, err := r.text(list[0])
	if err != nil {
		return false, err
	}
	right, err := r.text(list[1])
	return left == right, err
}

// every reports whether all conditions of a list have the wanted outcome.
func (r resolver) every(argument any, wanted bool) (bool, error) {
	list, ok := argument.([]any)
	if !ok {
		return false, fmt.Errorf("%w: %v is no list of conditions", ErrTemplate, argument)
	}
	for _, expression := range list {
		holds, err := r.holds(expression)
		if err != nil {
			return false, err
		}
		if holds != wanted {
			return false, nil
		}
	}
	return true, nil
}

// references calls found with every name that value refers to by Ref,
// Fn::GetAtt or Fn::Sub, in conditional branches too, as CloudFormation does.
func references(value any, found func(name string)) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			references(item, found)
		}
	case map[string]any:
		if name, argument, ok := intrinsic(v); ok {
			referenced(name, argument, found)
		}
		for _, item := range v {
			references(item, found)
		}
	}
}

func referenced(function string, argument any, found func(name string)) {
	if list, ok := argument.([]any); ok && len(list) > 0 {
		argument = list[0]
	}
	text, ok := argument.(string)
	if !ok {
		return
	}
	switch function {
	case fnRef:
		found(text)
	case fnGetAtt:
		id, _, _ := strings.Cut(text, ".")
		found(id)
	case fnSub:
		for _, match := range substitution.FindAllStringSubmatch(text, -1) {
			id, _, _ := strings.Cut(match[2], ".")
			if match[1] != "!" {
				found(id)
			}
		}
	}
}
