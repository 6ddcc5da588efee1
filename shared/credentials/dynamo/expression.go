package dynamo

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expression collects an update and its conditions. Every name and value goes
// by placeholder, because attribute names may be reserved words and map keys
// may hold any character.
type expression struct {
	names   map[string]string // placeholder → name
	values  map[string]types.AttributeValue
	sets    []string
	removes []string
	ifs     []string
}

func (e *expression) name(name string) string {
	if e.names == nil {
		e.names = map[string]string{}
	}
	placeholder := "#n" + strconv.Itoa(len(e.names))
	e.names[placeholder] = name
	return placeholder
}

func (e *expression) value(v types.AttributeValue) string {
	if e.values == nil {
		e.values = map[string]types.AttributeValue{}
	}
	placeholder := ":v" + strconv.Itoa(len(e.values))
	e.values[placeholder] = v
	return placeholder
}

// set assigns a value to a path of placeholders.
func (e *expression) set(path string, v types.AttributeValue) { e.setTo(path, e.value(v)) }

// setTo assigns an operand to a path of placeholders.
func (e *expression) setTo(path, operand string) { e.sets = append(e.sets, path+" = "+operand) }

func (e *expression) remove(path string) { e.removes = append(e.removes, path) }

func (e *expression) condition(c string) { e.ifs = append(e.ifs, c) }

func (e *expression) update() *string {
	text := "SET " + strings.Join(e.sets, ", ")
	if len(e.removes) > 0 {
		text += " REMOVE " + strings.Join(e.removes, ", ")
	}
	return &text
}

func (e *expression) conditions() *string {
	text := strings.Join(e.ifs, " AND ")
	return &text
}
