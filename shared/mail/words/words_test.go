package words_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
)

func TestLettersAreInTheUsersLanguage(t *testing.T) {
	w, err := words.Default("Example & Sons", "en")
	if err != nil {
		t.Fatal(err)
	}
	for locale, subject := range map[string]string{
		"": "01234567 is your code for Example & Sons", "en-GB": "01234567 is your code for Example & Sons", "pt": "01234567 is your code for Example & Sons",
		"de": "01234567 ist Ihr Code für Example & Sons", "DE_ch": "01234567 ist Ihr Code für Example & Sons",
		"fr-CA": "01234567 est votre code pour Example & Sons", "es": "01234567 es su código para Example & Sons",
		"../../x": "01234567 is your code for Example & Sons",
	} {
		message, err := w.Write(mail.Letter{Kind: mail.KindCode, Locale: locale, Code: "01234567", Lifetime: 10 * time.Minute})
		if err != nil || message.Subject != subject {
			t.Errorf("in %q the subject is %q, error %v; want %q", locale, message.Subject, err, subject)
		}
		if !strings.Contains(message.Text, "\n01234567\n") || !strings.Contains(message.Text, "10 minut") && !strings.Contains(message.Text, "10 Minut") {
			t.Errorf("in %q the text is %q", locale, message.Text)
		}
		if strings.Contains(message.HTML, "Example & Sons") || !strings.Contains(message.HTML, ">01234567</p>") {
			t.Errorf("in %q the page is %q", locale, message.HTML)
		}
	}
}

func TestLink(t *testing.T) {
	w, err := words.Default("Example", "de")
	if err != nil {
		t.Fatal(err)
	}
	const link = "https://example.com/sign-in?a=b&c=d#x.y"
	message, err := w.Write(mail.Letter{Kind: mail.KindLink, Link: link, Lifetime: time.Minute})
	if err != nil || !strings.Contains(message.Text, "\n"+link+"\n") || !strings.Contains(message.HTML, `href="https://example.com/sign-in?a=b&amp;c=d#x.y"`) {
		t.Errorf("message is %+v, error %v", message, err)
	}
	if refused, err := w.Write(mail.Letter{Kind: mail.KindRefused}); err != nil || !strings.Contains(refused.Text, "Passkey") {
		t.Errorf("the letter that says no is %+v, error %v", refused, err)
	}
}

func TestRecoveryThatWasAskedFor(t *testing.T) {
	w, err := words.Default("Example", "en")
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 11, 22, 9, 30, 0, 0, time.FixedZone("", 3600))
	for _, language := range []string{"en", "de", "fr", "es"} {
		message, err := w.Write(mail.Letter{Kind: mail.KindRecoveryAsked, Locale: language, When: when})
		if err != nil || !strings.Contains(message.Text, " 2026-11-22 08:30 UTC ") {
			t.Errorf("in %s the text is %q, error %v", language, message.Text, err)
		}
	}
}

// own is a whole folder of an owner's templates.
func own() fstest.MapFS {
	files := fstest.MapFS{"layout.html": {Data: []byte("{{range .Paragraphs}}<p>{{.}}{{end}}")}}
	for _, kind := range mail.Kinds {
		files[string(kind)+".nl.txt"] = &fstest.MapFile{Data: []byte("Subject: " + string(kind) + "\n\n{{.Code}}{{.Link}}\n")}
	}
	return files
}

func TestOwnTemplates(t *testing.T) {
	w, err := words.Load(own(), "Example", "nl")
	if err != nil {
		t.Fatal(err)
	}
	message, err := w.Write(mail.Letter{Kind: mail.KindCode, Code: "01234567"})
	if want := (words.Message{Subject: "code", Text: "01234567\n", HTML: "<p>01234567"}); err != nil || message != want {
		t.Errorf("message is %+v, error %v; want %+v", message, err, want)
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"rejects a missing kind":           {"refused.nl.txt", "", "refused.nl.txt is missing"},
		"rejects a missing layout":         {"layout.html", "", "layout.html"},
		"rejects a text without a subject": {"code.nl.txt", "{{.Code}}", "begin it with"},
		"rejects a text without its code":  {"code.nl.txt", "Subject: Code\n\nHello", "the code or the link is missing"},
		"rejects a field that is none":     {"code.nl.txt", "Subject: {{.Nonsense}}", "Nonsense"},
		"rejects what is no template":      {"link.nl.txt", "Subject: {{", "link.nl.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			files := own()
			delete(files, c.file)
			if c.text != "" {
				files[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			}
			if _, err := words.Load(files, "Example", "nl"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
