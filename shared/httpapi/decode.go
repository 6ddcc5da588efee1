package httpapi

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads a body that is exactly one JSON object in UTF-8, with every name
// spelled as into has it, none twice, and none that into lacks. Everything else
// is ErrMalformed.
func Decode(body []byte, into any) error {
	if jsontext.Value(body).Kind() != '{' || json.Unmarshal(body, into, json.RejectUnknownMembers(true)) != nil {
		return ErrMalformed
	}
	return nil
}
