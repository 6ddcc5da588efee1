package words_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
)

// gsm7 is the GSM 7-bit default alphabet, of which 160 characters are one segment.
// https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/
const gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// Each text message is one segment, the languages differ, and a code stands in
// words and bound to the domain in the last line.
func TestTextMessagesAreOneSegment(t *testing.T) {
	w, err := words.DefaultTextMessages("Example Company", "login.example.com", "en")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{} // message → language
	for _, locale := range []string{"en", "de", "fr", "es"} {
		for _, letter := range []mail.Letter{
			{Kind: mail.KindCode, Code: "01234567", Locale: locale, Lifetime: 10 * time.Minute}, {Kind: mail.KindRefused, Locale: locale},
		} {
			message, err := w.Write(letter)
			if err != nil {
				t.Fatal(err)
			}
			if n := len([]rune(message)); n > 160 {
				t.Errorf("in %s it has %d characters: %q", locale, n, message)
			}
			if strings.ContainsFunc(message, func(r rune) bool { return !strings.ContainsRune(gsm7, r) }) {
				t.Errorf("in %s it has characters that take a segment of 70: %q", locale, message)
			}
			if other, ok := seen[message]; ok {
				t.Errorf("in %s it reads as in %s: %q", locale, other, message)
			}
			seen[message] = locale
			bound := strings.HasSuffix(message, "\n\n@login.example.com #01234567") && strings.HasPrefix(message, "01234567 ")
			if bound != (letter.Kind == mail.KindCode) || !strings.Contains(message, "Example Company") {
				t.Errorf("in %s: %q", locale, message)
			}
		}
	}
}

func TestOwnTextMessages(t *testing.T) {
	own := func(code, refused string) fstest.MapFS {
		files := fstest.MapFS{"code.nl.txt": {Data: []byte(code)}}
		if refused != "" {
			files["refused.nl.txt"] = &fstest.MapFile{Data: []byte(refused)}
		}
		return files
	}
	w, err := words.LoadTextMessages(own("Code {{.Code}}, {{.Minutes}} min.\n", "Nee."), "Example", "example.nl", "nl")
	if err != nil {
		t.Fatal(err)
	}
	message, err := w.Write(mail.Letter{Kind: mail.KindCode, Code: "01234567", Locale: "pt", Lifetime: time.Minute})
	if want := "Code 01234567, 1 min.\n\n@example.nl #01234567"; err != nil || message != want {
		t.Errorf("message is %q, error %v; want %q", message, err, want)
	}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"rejects a missing kind":          {own("{{.Code}}", ""), "refused.nl.txt is missing"},
		"rejects a text without its code": {own("Hello", "Nee."), "the code or the link is missing"},
		"rejects a field that is none":    {own("{{.Code}} {{.Link}}", "Nee."), "Link"},
		"rejects what is no template":     {own("{{.Code}}", "{{"), "refused.nl.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := words.LoadTextMessages(c.files, "Example", "example.nl", "nl"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
