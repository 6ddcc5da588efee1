package main

import (
	"reflect"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// texts is what the context says of codes in text messages.
type texts struct {
	on   bool
	code passkeys.SMSCode
}

// addTo completes props, or notes settings that say something of what is off.
func (t texts) addTo(r *reader, props *passkeys.Props) {
	isSet := !reflect.ValueOf(t.code).IsZero() || props.Thresholds.TextSpend != 0
	switch {
	case t.on:
		props.SMSCode = &t.code
	case isSet:
		r.add("smsCode", false, "set it to true, or leave out the settings of text messages")
	}
}
