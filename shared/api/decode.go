package api

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode reads a body that is exactly one JSON object in UTF-8, with every name
// spelled as into has it, none twice, and none that into lacks.
func decode(body []byte, into any) error {
	if jsontext.Value(body).Kind() != '{' || json.Unmarshal(body, into, json.RejectUnknownMembers(true)) != nil {
		return errMalformed
	}
	return nil
}
