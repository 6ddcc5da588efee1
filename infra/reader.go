package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// reader reads values of the kinds that cdk.json may hold. From the command line
// (-c key=value) all of them come as text. It gathers what is wrong with them.
type reader struct {
	context  map[string]any // key → value
	problems []passkeys.Problem
}

func (r *reader) add(key string, received any, remedy string) {
	text, err := json.Marshal(received)
	if err != nil {
		panic(err) // the context came as JSON
	}
	r.problems = append(r.problems, passkeys.Problem{Property: key, Received: string(text), Remedy: remedy})
}

// value returns nil for what is not set.
func (r *reader) value(key string) any {
	if value := r.context[key]; value != "" {
		return value
	}
	return nil
}

func (r *reader) text(key string) string {
	value := r.value(key)
	text, ok := value.(string)
	if !ok && value != nil {
		r.add(key, value, "write it as a text")
	}
	return text
}

// matching reads a text of the form that pattern has.
func (r *reader) matching(key string, pattern *regexp.Regexp, remedy string) string {
	text := r.text(key)
	if text != "" && !pattern.MatchString(text) {
		r.add(key, text, remedy)
	}
	return text
}

// optional returns nil for what is not set.
func (r *reader) optional(key string) *string {
	if text := r.text(key); text != "" {
		return &text
	}
	return nil
}

func (r *reader) oneOf(key string, allowed ...string) string {
	text := r.text(key)
	if text != "" && !slices.Contains(allowed, strings.ToLower(text)) {
		r.add(key, text, fmt.Sprintf("use one of %q", allowed))
	}
	return strings.ToLower(text)
}

// list reads a list, or a text in which commas separate the elements.
func (r *reader) list(key string) []string {
	var list []string
	switch value := r.value(key).(type) {
	case nil:
	case string:
		for element := range strings.SplitSeq(value, ",") {
			list = append(list, strings.TrimSpace(element))
		}
	case []any:
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				r.add(key, element, "write each element as a text")
			}
			list = append(list, text)
		}
	default:
		r.add(key, value, "write it as a list of texts, or as one text with commas")
	}
	return list
}

// object reads an object, or a text that holds one as JSON. It returns its JSON,
// nil for what is not set.
func (r *reader) object(key string) []byte {
	switch value := r.value(key).(type) {
	case nil:
		return nil
	case string:
		return []byte(value)
	case map[string]any:
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // the context came as JSON
		}
		return text
	default:
		r.add(key, value, "write it as an object")
		return nil
	}
}

// flag returns nil for what is not set.
func (r *reader) flag(key string) *bool {
	switch value := r.value(key); value {
	case nil:
		return nil
	case true, "true":
		return jsii.Bool(true)
	case false, "false":
		return jsii.Bool(false)
	default:
		r.add(key, value, "use true or false")
		return nil
	}
}

// isOn reports whether a flag is set, and true.
func (r *reader) isOn(key string) bool {
	flag := r.flag(key)
	return flag != nil && *flag
}

func (r *reader) count(key string) int {
	value := r.value(key)
	if value == nil {
		return 0
	}
	n, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil {
		r.add(key, value, "use a whole number")
	}
	return n
}

func (r *reader) duration(key string) time.Duration {
	text := r.text(key)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		r.add(key, text, `use a duration such as "5m" or "90s"`)
	}
	return d
}

// delay reads a duration that may be zero; nil is one that is not set.
func (r *reader) delay(key string) *time.Duration {
	if r.value(key) == nil {
		return nil
	}
	d := r.duration(key)
	return &d
}

// ours matches the keys that could be ours: those of CDK and of other tools
// have a namespace or a hyphen.
var ours = regexp.MustCompile(`^[A-Za-z]+$`)

// unknown refuses keys that are no settings, so that a misspelt one has no silent effect.
func (r *reader) unknown() {
	var known []string
	for _, s := range settings {
		known = append(known, s.key)
	}
	slices.Sort(known)
	for _, key := range slices.Sorted(maps.Keys(r.context)) {
		if slices.Contains(known, key) || !ours.MatchString(key) {
			continue
		}
		remedy := "there is no such setting: use one of " + strings.Join(known, ", ")
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) }); i >= 0 {
			remedy = "write " + known[i]
		}
		r.add(key, r.context[key], remedy)
	}
}
