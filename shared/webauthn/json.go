package webauthn

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxResponseSize is the size in bytes above which no answer is read.
const MaxResponseSize = 16 << 10

// maxDepth bounds the nesting of a client's JSON; none that browsers send is
// deeper than 5.
const maxDepth = 16

// object reads the members of a JSON object. The first wrong one is kept as
// err, so that a reader of many members checks once.
type object struct {
	members map[string]jsontext.Value // name → value not read yet
	err     error
}

// readObject takes exactly one JSON object: valid UTF-8, no member twice at
// any depth, nothing after it.
func readObject(raw []byte) *object {
	if len(raw) > MaxResponseSize {
		return &object{err: refuse(TooLarge, "the JSON is larger than 16 KiB")}
	}
	if tooDeep(raw) {
		return &object{err: refuse(Malformed, "the JSON is nested too deeply")}
	}
	o := &object{members: map[string]jsontext.Value{}}
	if !o.read(raw) {
		o.err = refuse(Malformed, "not a JSON object with unique names")
	}
	return o
}

// read takes the members from raw and reports whether that is one object.
// jsontext refuses duplicate names and invalid UTF-8 unless told otherwise.
func (o *object) read(raw []byte) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(raw)) // a Buffer is read in place
	if start, err := decoder.ReadToken(); err != nil || start.Kind() != '{' {
		return false
	}
	for decoder.PeekKind() == '"' {
		name, err := decoder.ReadToken()
		if err != nil {
			return false
		}
		member := name.String()
		value, err := decoder.ReadValue()
		if err != nil {
			return false
		}
		end := decoder.InputOffset()
		o.members[member] = raw[end-int64(len(value)) : end]
	}
	if end, err := decoder.ReadToken(); err != nil || end.Kind() != '}' {
		return false
	}
	_, err := decoder.ReadToken()
	return errors.Is(err, io.EOF)
}

// tooDeep counts brackets before a recursive parser sees them.
func tooDeep(raw []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			if depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func (o *object) has(name string) bool {
	_, ok := o.members[name]
	return ok
}

func (o *object) fail(name, problem string) {
	if o.err == nil {
		o.err = refuse(Malformed, name+" "+problem)
	}
}

// take returns a member's value once, nil if there is none.
func (o *object) take(name string) jsontext.Value {
	value := o.members[name]
	delete(o.members, name)
	return value
}

// unquoted reads a member that must be a string.
func (o *object) unquoted(name string) []byte {
	value := o.take(name)
	text, err := jsontext.AppendUnquote(make([]byte, 0, len(value)), value)
	if err != nil {
		o.fail(name, "is not a string")
	}
	return text
}

// text reads a member that must be a string.
func (o *object) text(name string) string { return string(o.unquoted(name)) }

// bytes reads a member that must be unpadded base64url.
func (o *object) bytes(name string) []byte {
	decoded, err := decodeBase64URL(o.unquoted(name))
	if err != nil {
		o.fail(name, "is not unpadded base64url")
	}
	return decoded
}

// object reads a member that must be an object.
func (o *object) object(name string) *object {
	inner := readObject(o.take(name))
	if inner.err != nil {
		o.fail(name, "is not an object")
	}
	return inner
}

// texts reads a member that may be absent, else an array of strings.
func (o *object) texts(name string) []string {
	raw := o.take(name)
	if raw == nil {
		return nil
	}
	if raw.Kind() != '[' {
		o.fail(name, "is not an array")
		return nil
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.ReadToken()
	var texts []string
	for decoder.PeekKind() != ']' {
		token, _ := decoder.ReadToken()
		if token.Kind() != '"' {
			o.fail(name, "holds something that is not a string")
			return nil
		}
		texts = append(texts, token.String())
	}
	return texts
}

// dropNull removes a member that is null, so that it counts as absent.
func (o *object) dropNull(name string) {
	if o.members[name].Kind() == 'n' {
		delete(o.members, name)
	}
}

// done returns the first problem; a member that nobody read is one.
func (o *object) done() error {
	if len(o.members) > 0 {
		o.fail("the object", "has a member that does not belong there")
	}
	return o.err
}
