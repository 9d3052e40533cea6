wit_bindgen::generate!({ path: "../../wit", world: "greeter" });

use exports::example::greetings::greetings::{Guest, Statistics};

struct Greeter;

impl Guest for Greeter {
    fn greet(name: String) -> String {
        format!("Hello, {name}!")
    }

    fn summary(numbers: Vec<f64>) -> Result<Statistics, String> {
        let largest = numbers.iter().copied().reduce(f64::max).ok_or("no numbers")?;
        Ok(Statistics {
            count: numbers.len() as u32,
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
            largest,
        })
    }
}

export!(Greeter);
