package words_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
)

func TestLettersAreInTheUsersLanguage(t *testing.T) {
	w, err := words.Default(words.Site{Name: "Example & Sons"}, "en")
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
	w, err := words.Default(words.Site{Name: "Example"}, "de")
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
	w, err := words.Default(example, "en")
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

var example = words.Site{Name: "Example", Page: "https://example.com"}

// notice is a letter that tells of a change in a zone that is not its reader's.
func notice(kind mail.Kind, passkey string) mail.Letter {
	return mail.Letter{Kind: kind, Passkey: passkey, Time: time.Date(2026, 11, 21, 0, 40, 0, 0, time.FixedZone("", 3600))}
}

func TestNotices(t *testing.T) {
	for _, language := range []string{"en", "de", "fr", "es"} {
		w, err := words.Default(example, language)
		if err != nil {
			t.Fatal(err)
		}
		apps, err := words.Default(words.Site{Name: "Example"}, language)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []mail.Kind{mail.KindPasskeyAdded, mail.KindPasskeyRemoved} {
			letter := notice(kind, "Ann's <b>phone</b>")
			message, err := w.Write(letter)
			if err != nil || !strings.Contains(message.Subject, "Example") {
				t.Errorf("%s in %s: the subject is %q, error %v", kind, language, message.Subject, err)
			}
			for _, want := range []string{"Ann's b phone b", "2026-11-20 23:40 UTC", " https://example.com"} {
				if !strings.Contains(message.Text, want) {
					t.Errorf("%s in %s: the text lacks %q:\n%s", kind, language, want, message.Text)
				}
			}
			if !strings.Contains(message.HTML, "Ann&#39;s b phone b") || strings.Contains(message.HTML, "href") {
				t.Errorf("%s in %s: the page is\n%s", kind, language, message.HTML)
			}
			if strings.Count(message.Text, "\n\n") != 2 {
				t.Errorf("%s in %s: want three paragraphs in\n%s", kind, language, message.Text)
			}
			if message, err = apps.Write(letter); err != nil || strings.Contains(message.Text, "https:") || strings.Contains(message.Text, "  ") {
				t.Errorf("%s in %s without a page, error %v:\n%s", kind, language, err, message.Text)
			}
			letter.Last = true
			if message, err = w.Write(letter); err != nil || strings.Count(message.Text, "\n\n") != 3 {
				t.Errorf("%s in %s as the last of the day, error %v:\n%s", kind, language, err, message.Text)
			}
		}
	}
}

// What somebody else has called a passkey is no link, no line and no paragraph of
// the mail that its owner gets.
func TestNameOfAPasskeyIsNothingButAName(t *testing.T) {
	w, err := words.Load(own(), example, "nl")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Ann’s phone (2) & 🔑":              "Ann’s phone (2) & 🔑",
		"Müllers Schlüssel":                "Müllers Schlüssel",
		"https://evil.example/a?b=c":       "https evil example a b c",
		"evil.example":                     "evil example",
		"evil。example":                     "evil example",
		"help@evil.example":                "help evil example",
		"\\\\evil\\share":                  "evil share",
		"Phone\r\n\r\nCall us now":         "Phone Call us now",
		"Phone\u2028\u2029Call us now":     "Phone Call us now",
		"a\u202eb\u200bc":                  "a b c",
		"<a href=//evil.example>Click</a>": "a href evil example Click a",
		"  {{.Site}}  ":                    "Site",
		"…":                                "Passkey",
	} {
		message, err := w.Write(notice(mail.KindPasskeyAdded, name))
		if err != nil || message.Subject != want+" erbij" {
			t.Errorf("%q: the subject is %q, error %v; want %q", name, message.Subject, err, want)
		}
	}
}

// A header of the mail can't be made of what the letter holds.
func TestSubjectIsOneLine(t *testing.T) {
	for _, name := range []string{"Example\rBcc: eve@example.org", "Example\x00"} {
		if w, err := words.Default(words.Site{Name: name}, "en"); err == nil {
			message, err := w.Write(mail.Letter{Kind: mail.KindCode, Code: "01234567"})
			t.Errorf("%q: the subject is %q, error %v", name, message.Subject, err)
		}
	}
	w, err := words.Load(own(), example, "nl")
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range []mail.Letter{{Kind: mail.KindCode, Code: "0\r\nBcc: eve@example.org\r\n1"}, notice(mail.KindPasskeyAdded, "a\r\nBcc: b")} {
		if message, err := w.Write(letter); err != nil || strings.ContainsAny(message.Subject, "\r\n") {
			t.Errorf("the subject is %q, error %v", message.Subject, err)
		}
	}
}

// Templates that an owner wrote on Windows have paragraphs too.
func TestLinesMayEndInCRLF(t *testing.T) {
	files := own()
	files["code.nl.txt"] = &fstest.MapFile{Data: []byte("Subject: Code\r\n\r\n{{.Code}}\r\n\r\nTot ziens\r\n")}
	w, err := words.Load(files, example, "nl")
	if err != nil {
		t.Fatal(err)
	}
	message, err := w.Write(mail.Letter{Kind: mail.KindCode, Code: "01234567"})
	if want := (words.Message{Subject: "Code", Text: "01234567\n\nTot ziens\n", HTML: "<p>01234567<p>Tot ziens"}); err != nil || message != want {
		t.Errorf("message is %+v, error %v; want %+v", message, err, want)
	}
}

// own is a whole folder of an owner's templates.
func own() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files := fstest.MapFS{"layout.html": file("{{range .Paragraphs}}<p>{{.}}{{end}}")}
	for _, kind := range mail.Kinds {
		files[string(kind)+".nl.txt"] = file("Subject: Nieuws\n\n{{.Code}}{{.Link}}\n")
	}
	maps.Copy(files, fstest.MapFS{
		"code.nl.txt":          file("Subject: Code\n\n{{.Code}}\n"),
		"link.nl.txt":          file("Subject: Link\n\n{{.Link}}\n"),
		"passkey-added.nl.txt": file("Subject: {{.Passkey}} erbij\n\n{{.Time}}\n"),
	})
	return files
}

func TestOwnTemplates(t *testing.T) {
	w, err := words.Load(own(), example, "nl")
	if err != nil {
		t.Fatal(err)
	}
	message, err := w.Write(mail.Letter{Kind: mail.KindCode, Code: "01234567"})
	if want := (words.Message{Subject: "Code", Text: "01234567\n", HTML: "<p>01234567"}); err != nil || message != want {
		t.Errorf("message is %+v, error %v; want %+v", message, err, want)
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"rejects a missing kind":           {"refused.nl.txt", "", "refused.nl.txt is missing"},
		"rejects a missing kind of notice": {"passkey-added.nl.txt", "", "passkey-added.nl.txt is missing"},
		"rejects a missing layout":         {"layout.html", "", "layout.html"},
		"rejects a text without a subject": {"code.nl.txt", "{{.Code}}", "begin it with"},
		"rejects a text without its code":  {"code.nl.txt", "Subject: Code\n\nHello", "the code or the link is missing"},
		"rejects a field that is none":     {"code.nl.txt", "Subject: {{.Nonsense}}", "Nonsense"},
		"rejects it at the end of a day":   {"passkey-removed.nl.txt", "Subject: weg\n\n{{if .Last}}{{.Nonsense}}{{end}}", "Nonsense"},
		"rejects what is no template":      {"link.nl.txt", "Subject: {{", "link.nl.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			files := own()
			delete(files, c.file)
			if c.text != "" {
				files[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			}
			if _, err := words.Load(files, example, "nl"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
