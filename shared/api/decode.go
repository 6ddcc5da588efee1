package api

import (
	"bytes"
	"encoding/json"
	"io"
)

// decode reads a body that is one JSON object with no member that into lacks.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errMalformed
	}
	if _, err := d.Token(); err != io.EOF {
		return errMalformed
	}
	return nil
}
