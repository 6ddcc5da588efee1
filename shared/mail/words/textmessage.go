package words

import (
	"embed"
	"errors"
	"io/fs"
	"strings"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
)

//go:embed texts
var embeddedTexts embed.FS

// textKinds are the letters that go by text message.
var textKinds = []mail.Kind{mail.KindCode, mail.KindRefused}

// TextMessages are the templates of text messages. They are safe for concurrent use.
type TextMessages struct {
	texts
	site, domain string
}

// textFields are what a template of a text message may use.
type textFields struct {
	Site, Code string
	Minutes    int
}

// DefaultTextMessages returns the package's own templates, in the languages of
// those of mails. Each is one segment of a text message (160 characters of the
// GSM 7-bit alphabet) unless the names of site and domain are long or of other
// letters. domain is where a code is to be typed.
func DefaultTextMessages(site, domain, language string) (*TextMessages, error) {
	files, err := fs.Sub(embeddedTexts, "texts")
	if err != nil {
		return nil, err
	}
	return LoadTextMessages(files, site, domain, language)
}

// LoadTextMessages returns the templates of a folder, or every problem of them:
// code.<language>.txt and refused.<language>.txt, of package text/template, which
// may use {{.Site}}, {{.Code}} and {{.Minutes}}.
func LoadTextMessages(files fs.FS, site, domain, language string) (*TextMessages, error) {
	parsed, problems := parseTexts(files, language)
	t := &TextMessages{parsed, site, domain}
	if problems == nil {
		problems = t.check(textKinds, t.try)
	}
	return t, errors.Join(problems...)
}

// try writes a letter that must hold what its user waits for.
func (t *TextMessages) try(letter mail.Letter) error {
	message, err := t.Write(letter)
	if err == nil && strings.Count(message, letter.Code) < 2 && letter.Code != "" {
		return errLost
	}
	return err
}

// Write puts a letter into words. The last line of one with a code binds it to the
// domain, so that a phone fills it in there and nowhere else.
// https://wicg.github.io/sms-one-time-codes/
func (t *TextMessages) Write(letter mail.Letter) (string, error) {
	_, template, err := t.choose(letter)
	if err != nil {
		return "", err
	}
	var written strings.Builder
	if err := template.Execute(&written, textFields{t.site, letter.Code, int(letter.Lifetime.Minutes())}); err != nil {
		return "", err
	}
	message := strings.TrimSpace(written.String())
	if letter.Code == "" {
		return message, nil
	}
	return message + "\n\n@" + t.domain + " #" + letter.Code, nil
}
