// The model of text within a model that reads images or sound too: its layers are what a spec says, and its
// configuration stands in that of the whole as an object of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace plumbline {

// Where it stands, and what it says.
struct TextModel {
  nlohmann::json config;  // with the sizes that its type has where they are left out
  std::string path;       // what stands before its keys in the file: "text_config."; "" where it is the whole
};

// That of a configuration; the configuration itself where its type is none of those, or has no such object
// and says it all beside what it says of images. Throws Error naming the
// file and the key where such a type has no text_config that is an object.
//   source: transformers, models/*/configuration_*.py
TextModel text_model(const nlohmann::json& config, const std::string& file);

// Whether a parameter of the whole belongs to the model of text: of layers that see images there are some of
// the same name.
bool is_of_text_model(const std::string& parameter);

}  // namespace plumbline
