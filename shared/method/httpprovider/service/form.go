package service

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Form is what a service's transaction ids look like: "uuid" (random, RFC 9562
// §5.4), or an alphabet and a length in characters, such as "alphanumeric:24".
type Form string

// FormUUID is the form of a random UUID.
const FormUUID Form = "uuid"

const maxFormLength = 512 // characters

// alphabets: name → characters
var alphabets = map[string]string{
	"hex":          "0123456789abcdef",
	"digits":       "0123456789",
	"alphanumeric": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
	"base64url":    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
}

func (f Form) parse() (alphabet string, length int) {
	name, text, _ := strings.Cut(string(f), ":")
	length, err := strconv.Atoi(text)
	if err != nil || length < 1 || length > maxFormLength {
		return "", 0
	}
	return alphabets[name], length
}

// IsKnown reports whether texts of the form can be made.
func (f Form) IsKnown() bool {
	alphabet, _ := f.parse()
	return f == FormUUID || alphabet != ""
}

// Invent returns a random text of the form. Like the ids of a service, and other
// than one derived from the user's name, it is a new one each time.
func (f Form) Invent() string {
	if f == FormUUID {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], rand.Uint64())
		binary.BigEndian.PutUint64(b[8:], rand.Uint64())
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	alphabet, length := f.parse()
	text := make([]byte, length)
	for i := range text {
		text[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(text)
}
