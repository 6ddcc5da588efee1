// Package words puts letters into words: subject, text and HTML, in the language
// that the user chose. An owner may replace its templates by a folder of their
// own, which is checked when the stack is synthesized and goes with the function:
// unlike templates that are kept in Amazon SES, they change together with the
// code that fills them, and work in the local run.
//
// A folder holds <kind>.<language>.txt for each kind of letter, such as
// code.en.txt, and layout.html. The texts are of package text/template, with
// "Subject: " and the subject as their first line and paragraphs after it; they
// may use {{.Site}}, {{.Code}}, {{.Link}}, {{.Minutes}} and {{.When}}. The layout is of
// package html/template and gets {{.Subject}}, {{.Paragraphs}}, {{.Language}},
// {{.Code}} and {{.Link}}; a code and a link are paragraphs of their own.
package words

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"path"
	"strings"
	text "text/template"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
)

//go:embed templates
var embedded embed.FS

const (
	layoutFile    = "layout.html"
	extension     = ".txt"
	subjectPrefix = "Subject: "
	timeLayout    = "2006-01-02 15:04 MST" // reads alike in every language
)

// Words are the templates. They are safe for concurrent use.
type Words struct {
	site     string
	language string                    // where the user's own is not there
	texts    map[string]*text.Template // <kind>.<language> → template
	layout   *html.Template
}

// Message is a letter in words.
type Message struct{ Subject, Text, HTML string }

// fields are what a template may use.
type fields struct {
	Site, Code, Link, Language, Subject, When string

	Minutes    int
	Paragraphs []string
}

// Default returns the package's own templates: English, German, French and
// Spanish. site is how the letters name the service, language the one for users
// who have chosen none that is there.
func Default(site, language string) (*Words, error) {
	files, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	return Load(files, site, language)
}

// Load returns the templates of a folder, or every problem of them: each letter
// must be there in the language, and each must be writable.
func Load(files fs.FS, site, language string) (*Words, error) {
	w := &Words{site: site, language: language, texts: map[string]*text.Template{}}
	names, err := fs.Glob(files, "*"+extension)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range names {
		parsed, err := text.New(name).Option("missingkey=error").ParseFS(files, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("mail template %s: %w", name, err))
			continue
		}
		w.texts[strings.TrimSuffix(path.Base(name), extension)] = parsed
	}
	if w.layout, err = html.New(layoutFile).ParseFS(files, layoutFile); err != nil {
		problems = append(problems, fmt.Errorf("mail template %s: %w", layoutFile, err))
	}
	if problems == nil {
		problems = w.check()
	}
	return w, errors.Join(problems...)
}

// check writes a letter with each template.
func (w *Words) check() (problems []error) {
	for _, kind := range mail.Kinds {
		if w.texts[templateName(kind, w.language)] == nil {
			problems = append(problems, fmt.Errorf("mail template %s%s is missing: write it, or choose another language", templateName(kind, w.language), extension))
		}
	}
	for name := range w.texts {
		kind, language, _ := strings.Cut(name, ".")
		letter := mail.Letter{Kind: mail.Kind(kind), Locale: language, Lifetime: time.Minute}
		if letter.Kind.HasCode() {
			letter.Code = "01234567"
		}
		if letter.Kind == mail.KindLink {
			letter.Link = "https://example.com/#a.b"
		}
		if err := w.try(letter); err != nil {
			problems = append(problems, fmt.Errorf("mail template %s%s: %w", name, extension, err))
		}
	}
	return problems
}

// try writes a letter that must hold what its user waits for.
func (w *Words) try(letter mail.Letter) error {
	message, err := w.Write(letter)
	if err != nil {
		return err
	}
	if !strings.Contains(message.Text, letter.Code+letter.Link) || !strings.Contains(message.HTML, letter.Code+letter.Link) {
		return errors.New("the code or the link is missing: give it a paragraph of its own")
	}
	return nil
}

func templateName(kind mail.Kind, language string) string { return string(kind) + "." + language }

// Write puts a letter into words.
func (w *Words) Write(letter mail.Letter) (Message, error) {
	language, template := w.choose(letter)
	if template == nil {
		return Message{}, fmt.Errorf("there is no template of kind %q", letter.Kind)
	}
	f := fields{
		Site: w.site, Code: letter.Code, Link: letter.Link, Language: language, Minutes: int(letter.Lifetime.Minutes()),
		When: letter.When.UTC().Format(timeLayout),
	}
	var written strings.Builder
	if err := template.Execute(&written, f); err != nil {
		return Message{}, err
	}
	first, body, _ := strings.Cut(written.String(), "\n")
	subject, ok := strings.CutPrefix(first, subjectPrefix)
	if !ok {
		return Message{}, fmt.Errorf("its first line is %q: begin it with %q", first, subjectPrefix)
	}
	body = strings.TrimSpace(body)
	f.Subject, f.Paragraphs = subject, strings.Split(body, "\n\n")
	var page strings.Builder
	if err := w.layout.Execute(&page, f); err != nil {
		return Message{}, err
	}
	return Message{Subject: subject, Text: body + "\n", HTML: page.String()}, nil
}

// choose returns the template in the user's language, or in the default one.
func (w *Words) choose(letter mail.Letter) (string, *text.Template) {
	language, _, _ := strings.Cut(strings.ToLower(letter.Locale), "-")
	language, _, _ = strings.Cut(language, "_")
	if template := w.texts[templateName(letter.Kind, language)]; template != nil {
		return language, template
	}
	return w.language, w.texts[templateName(letter.Kind, w.language)]
}
